"""The published autoencoder: its numbers, its exact rewriting, its files."""

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, DamagedFile, UnreadableFile
from astrodata_kernel.models import (
    UpsampledTranspose,
    load,
    save,
    sum_of_squares,
    waveform_cae,
    waveform_vae,
)

keras = pytest.importorskip("keras")
RNG = np.random.default_rng(1)


def traces(n, samples):
    return RNG.standard_normal((n, samples)).astype(np.float32)


def test_each_layer_has_the_published_shape_and_number_of_parameters():
    table = {name: (shape, count) for name, shape, count in waveform_cae().parameter_table()}
    assert table["conv1"] == ((4864, 2), 66)
    assert table["pool1"] == ((2432, 2), 0)
    assert table["conv2"] == ((1216, 4), 260)
    assert table["pool2"] == ((608, 4), 0)
    assert table["conv3"] == ((304, 8), 1032)
    assert table["pool3"] == ((152, 8), 0)
    assert table["flatten"] == ((1216,), 0)
    assert table["dense_encoded"] == ((4,), 4868)
    assert table["dense_decoded"] == ((1216,), 6080)
    assert table["reshape"] == ((152, 8), 0)
    assert table["deconv3"] == ((608, 4), 1028)
    assert table["deconv2"] == ((2432, 2), 258)
    assert table["deconv1"] == ((9728, 1), 65)


@pytest.mark.parametrize("rewritten", [True, False])
def test_the_networks_have_the_published_number_of_parameters(rewritten):
    assert waveform_cae(rewritten=rewritten).count_params() == 13_657
    assert waveform_cae(filters=(4, 8, 16), rewritten=rewritten).count_params() == 32_429


def test_the_loss_is_the_mean_squared_error_times_the_samples():
    true, made = traces(7, 9728), traces(7, 9728)
    loss = keras.ops.convert_to_numpy(sum_of_squares(true, made))
    np.testing.assert_allclose(loss, np.mean((true - made) ** 2, axis=1) * 9728, rtol=1e-5)
    channels = keras.ops.convert_to_numpy(sum_of_squares(true[:, :, None], made[:, :, None]))
    np.testing.assert_allclose(channels, loss, rtol=1e-6)


@pytest.mark.parametrize("kernel_size", [2, 3, 5, 8, 31, 32])
def test_the_rewritten_decoder_is_the_stock_one(kernel_size):
    ours = waveform_cae(512, kernel_size=kernel_size, output_activation="linear")
    stock = waveform_cae(512, kernel_size=kernel_size, output_activation="linear", rewritten=False)
    assert [w.shape for w in ours.weights] == [w.shape for w in stock.weights]
    weights = [0.5 * RNG.standard_normal(w.shape) for w in ours.get_weights()]
    ours.set_weights(weights)
    stock.set_weights(weights)
    x = traces(5, 512)
    expected = stock.predict(x, verbose=0)
    assert np.abs(expected).max() > 0.1
    scale = np.abs(expected).max()
    np.testing.assert_allclose(ours.predict(x, verbose=0), expected, atol=2e-6 * scale)


def test_the_rewritten_layer_alone_equals_the_two_that_it_replaces():
    x = traces(3, 40).reshape(3, 10, 4)
    layer = UpsampledTranspose(3, 32, activation="relu")
    layer.build(x.shape)
    layer.set_weights([w + RNG.standard_normal(w.shape) for w in layer.get_weights()])
    stock = keras.layers.Conv1DTranspose(3, 32, strides=2, padding="same", activation="relu")
    stock.build((3, 20, 4))
    stock.set_weights(layer.get_weights())
    expected = stock(keras.layers.UpSampling1D(2)(x))
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(layer(x)), keras.ops.convert_to_numpy(expected), atol=1e-4
    )
    with pytest.raises(BadRequest):
        UpsampledTranspose(3, 32, strides=3)


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True)])
def test_weight_files_of_the_stock_and_the_rewritten_network_interchange(tmp_path, first, second):
    one, two = waveform_cae(512, rewritten=first), waveform_cae(512, rewritten=second)
    one.save_weights(tmp_path / "model.weights.h5")
    two.load_weights(tmp_path / "model.weights.h5")
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("make", [waveform_cae, waveform_vae])
def test_a_saved_model_comes_back_with_its_two_halves(tmp_path, make):
    model = make(512, latent_dim=3)
    again = load(save(model, tmp_path / "model.keras"))
    x = traces(4, 512)
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    z = again.encoder.predict(x, verbose=0)
    assert z.shape == (4, 3)
    assert again.decoder.predict(z, verbose=0).shape == (4, 512, 1)
    assert again.architecture == model.architecture
    assert [p.name for p in tmp_path.iterdir()] == ["model.keras"]


def test_code_in_a_model_file_is_refused(tmp_path):
    path = tmp_path / "hostile.keras"
    inputs = keras.layers.Input((4,))
    hostile = keras.Model(inputs, keras.layers.Lambda(lambda x: x * 2)(inputs))
    hostile.save(path)
    with pytest.raises(DamagedFile, match=r"hostile\.keras"):
        load(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"no model at all"])
def test_a_file_that_holds_no_model_is_refused(tmp_path, content):
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    with pytest.raises(DamagedFile):
        load(path)
    with pytest.raises(UnreadableFile):
        load(tmp_path / "missing.keras")


def test_a_length_that_does_not_fit_is_refused_and_the_next_ones_are_told():
    with pytest.raises(BadRequest, match=r"multiple of 64; trim to 9,984 or pad to 10,048"):
        waveform_cae(10_000)
    with pytest.raises(BadRequest, match="pad to 64"):
        waveform_cae(10)


def test_traces_with_and_without_a_channel_axis_are_taken():
    model = waveform_cae(128)
    x = traces(2, 128)
    flat, channels = (keras.ops.convert_to_numpy(model(some)) for some in (x, x[:, :, None]))
    assert flat.shape == (2, 128)
    np.testing.assert_array_equal(channels[:, :, 0], flat)


def test_the_variational_loss_adds_the_divergence_of_its_distribution():
    model = waveform_vae(128, filters=(2,), latent_dim=2, seed=0)
    x = traces(6, 128)
    mean, log_variance = model.distribution.predict(x, verbose=0)
    divergence = 0.5 * np.sum(mean**2 + np.exp(log_variance) - 1 - log_variance, axis=1)
    model(x)
    assert float(model.losses[0]) == pytest.approx(divergence.mean(), rel=1e-4)
    # In use the mean is decoded, in training a draw about it.
    decoded = model.decoder.predict(mean, verbose=0)[:, :, 0]
    np.testing.assert_allclose(model.predict(x, verbose=0), decoded, atol=1e-6)
    draws = keras.ops.convert_to_numpy(model(x, training=True))
    assert not np.allclose(draws, decoded, atol=1e-6)


def test_options_reach_the_network():
    model = waveform_cae(256, filters=(3, 5), kernel_size=8, latent_dim=2, latent_activation="relu")
    z = model.encoder.predict(traces(50, 256), verbose=0)
    assert z.shape == (50, 2)
    assert z.min() >= 0
    linear = waveform_cae(256, output_activation="linear").predict(traces(50, 256), verbose=0)
    assert linear.min() < 0
