"""Encoding: the compiled encoder against Keras, chunks, resume, and bad traces."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from astrodata_kernel.datasets.lazy import MemoryArray
from astrodata_kernel.errors import BadRequest, Cancelled
from astrodata_kernel.latent import encode, encoding
from astrodata_kernel.latent.compiled_encoder import CompiledEncoder
from astrodata_kernel.models import waveform_cae, waveform_vae
from astrodata_kernel.testing.synthetic import pulses

keras = pytest.importorskip("keras")
RNG = np.random.default_rng(5)


def alive(model):
    model.set_weights([0.4 * RNG.standard_normal(w.shape) for w in model.get_weights()])
    return model


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"latent_activation": "relu"},
        {"latent_activation": "tanh", "latent_dim": 1},
        {"latent_activation": "sigmoid"},
        {"filters": (4, 8, 16)},
        {"filters": (3,), "kernel_size": 5},
        {"filters": (3, 5), "kernel_size": 2},
        {"kernel_size": 31},
    ],
)
@pytest.mark.parametrize("n", [1, 7, 300])
def test_the_compiled_encoder_gives_the_latents_of_keras(options, n):
    model = alive(waveform_cae(576, **options))
    x = pulses(n, 576)
    expected = model.encoder.predict(x, verbose=0)
    made = CompiledEncoder.of(model.encoder)(x)
    assert made.dtype == np.float32
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(made, expected, atol=1e-5 * scale, rtol=1e-5)


def test_the_published_network_is_compiled_to_the_same_latents():
    model = waveform_cae()
    x = RNG.standard_normal((40, 9728)).astype(np.float32)
    np.testing.assert_allclose(
        encode(x, model, compiled=True), model.encoder.predict(x, verbose=0), atol=1e-5
    )


def test_the_means_of_a_variational_model_are_its_latents():
    model = alive(waveform_vae(512))
    x = pulses(20)
    assert CompiledEncoder.of(model.encoder) is not None
    expected = model.encoder.predict(x, verbose=0)
    np.testing.assert_allclose(encode(x, model), expected, rtol=1e-4, atol=1e-4)


def test_an_encoder_of_other_layers_goes_through_keras():
    inputs = keras.layers.Input((512, 1))
    z = keras.layers.Dense(2)(keras.layers.Flatten()(inputs))
    other = keras.Model(inputs, z)
    x = pulses(10)
    assert CompiledEncoder.of(other) is None
    np.testing.assert_allclose(encode(x, other), other.predict(x, verbose=0), atol=1e-5)
    with pytest.raises(BadRequest, match="compiled=False"):
        encode(x, other, compiled=True)


def test_any_function_encodes():
    x = pulses(10)
    np.testing.assert_array_equal(encode(x, lambda rows: rows[:, :2]), x[:, :2])
    with pytest.raises(BadRequest, match="no encoder"):
        encode(x, "a string")
    with pytest.raises(BadRequest, match="for 10 events"):
        encode(x, lambda rows: rows[:3])


def test_lazy_traces_and_data_sets_are_read_in_chunks(monkeypatch):
    monkeypatch.setattr(encoding, "CHUNK", 16)
    model, x = waveform_cae(512), pulses(50)
    told = []
    z = encode(MemoryArray(x), model, progress=told.append)
    np.testing.assert_allclose(z, model.encoder.predict(x, verbose=0), atol=1e-5)
    assert told == [0, 0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize("dtype", [">f4", "i2", "f8"])
def test_every_type_of_number_is_encoded(dtype):
    model, x = waveform_cae(512), (pulses(5) * 100).astype(dtype)
    expected = model.encoder.predict(x.astype("f4"), verbose=0)
    np.testing.assert_allclose(encode(x, model), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("compiled", [True, False])
def test_a_trace_with_nan_has_latents_of_nan_and_no_other(compiled):
    model, x = waveform_cae(512), pulses(30)
    x[7, 100] = np.nan
    x[9, 5] = np.inf
    z = encode(x, model, compiled=compiled)
    assert np.flatnonzero(np.isnan(z).all(axis=1)).tolist() == [7, 9]
    assert np.isfinite(np.delete(z, [7, 9], axis=0)).all()


def test_latents_are_kept_with_their_ids(tmp_path):
    model, x = waveform_cae(512), pulses(20)
    path = tmp_path / "latents.parquet"
    ids = [f"event-{i}" for i in range(20)]
    z = encode(x, model, path=path, ids=ids)
    table = pq.read_table(path)
    assert table.column_names == ["id", "z0", "z1", "z2", "z3"]
    assert table["id"].to_pylist() == ids
    np.testing.assert_array_equal(table["z2"], z[:, 2])
    assert set(table.schema.metadata) == {b"astrodata"}
    assert [p.name for p in tmp_path.iterdir()] == ["latents.parquet"]


class Counting(MemoryArray):
    read = 0

    def _read(self, block):
        if len(range(block[0].start, block[0].stop)) > 1:
            self.read += 1
        return super()._read(block)


def test_an_encoding_that_was_given_up_goes_on_where_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(encoding, "CHUNK", 8)
    model, path = waveform_cae(512), tmp_path / "latents.parquet"
    source, asked = Counting(pulses(40)), []

    def cancelled():
        asked.append(1)
        if len(asked) > 3:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        encode(source, model, path=path, cancelled=cancelled)
    assert not path.exists()
    assert source.read == 3
    z = encode(source, model, path=path)
    assert source.read == 5
    np.testing.assert_allclose(z, model.encoder.predict(pulses(40), verbose=0), atol=1e-5)


def test_parts_of_another_encoder_or_data_set_are_not_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(encoding, "CHUNK", 8)
    path = tmp_path / "latents.parquet"

    def once(traces, model):
        done = []

        def cancelled():
            done.append(1)
            if len(done) > 2:
                raise Cancelled("enough")

        with pytest.raises(Cancelled):
            encode(traces, model, path=path, cancelled=cancelled)

    once(pulses(40), waveform_cae(512))
    model = waveform_cae(512)
    once(pulses(40, seed=1), model)
    z = encode(pulses(40, seed=2), model, path=path)
    expected = model.encoder.predict(pulses(40, seed=2), verbose=0)
    np.testing.assert_allclose(z, expected, atol=1e-5)


def test_chunks_are_encoded_on_a_cluster(monkeypatch):
    from distributed import Client

    monkeypatch.setattr(encoding, "CHUNK", 16)
    model, x = waveform_cae(512), pulses(50)
    with Client(
        processes=False, n_workers=1, threads_per_worker=2, dashboard_address="127.0.0.1:0"
    ) as client:
        z = encode(x, model, client=client)
    np.testing.assert_allclose(z, model.encoder.predict(x, verbose=0), atol=1e-5)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda: np.zeros((3, 600)), 'trim them with .*how="trim"'),
        (lambda: np.zeros((3, 500)), 'pad them with .*how="pad"'),
        (lambda: np.zeros(512), "give \\(traces, samples\\)"),
    ],
)
def test_traces_that_do_not_fit_are_refused(wrong, text):
    with pytest.raises(BadRequest, match=text):
        encode(wrong(), waveform_cae(512))
    with pytest.raises(BadRequest, match="ids"):
        encode(pulses(3), waveform_cae(512), ids=[1, 2])
