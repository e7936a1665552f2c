"""A device whose memory is too small: smaller batches or groups, said, and a clear end."""

import numpy as np
import pytest
from astrodata_kernel.errors import OutOfMemory
from astrodata_kernel.latent import encode
from astrodata_kernel.models import waveform_cae
from astrodata_kernel.models.weights import fresh_weights
from astrodata_kernel.testing.synthetic import pulses
from astrodata_kernel.training import fit
from astrodata_kernel.training.jax_engine import JaxEngine
from astrodata_kernel.training.starts import Job, Start

# What TensorFlow and JAX say; there is no device here whose memory could be filled.
EXHAUSTED = "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 1234567890 bytes."


def with_room_for(model, traces, monkeypatch):
    whole = model.train_on_batch

    def limited(batch, *args, **options):
        if len(batch) > traces:
            raise RuntimeError(EXHAUSTED)
        return whole(batch, *args, **options)

    monkeypatch.setattr(model, "train_on_batch", limited)


def test_training_goes_on_with_smaller_batches_and_says_so(monkeypatch):
    model = waveform_cae(512)
    with_room_for(model, 8, monkeypatch)
    done = fit(model, pulses(50), epochs=2, batch_size=32, track=False)
    assert len(done.history) == 2
    assert done.notes == [
        "the device's memory was too small: batches of 16 from epoch 0 on",
        "the device's memory was too small: batches of 8 from epoch 0 on",
    ]


def test_a_device_that_holds_no_trace_is_told(monkeypatch):
    model = waveform_cae(512)
    with_room_for(model, 0, monkeypatch)
    with pytest.raises(OutOfMemory, match="restart other kernels"):
        fit(model, pulses(50), epochs=1, batch_size=4, track=False)


def test_other_failures_of_a_batch_are_not_taken_for_a_lack_of_memory(monkeypatch):
    model = waveform_cae(512)

    def broken(*_args, **_options):
        raise RuntimeError("INVALID_ARGUMENT: shapes")

    monkeypatch.setattr(model, "train_on_batch", broken)
    with pytest.raises(RuntimeError, match="INVALID_ARGUMENT"):
        fit(model, pulses(50), epochs=1, track=False)


class Predicting:
    """An encoder that holds a number of traces at once."""

    input_shape = (None, 512)

    def __init__(self, room):
        self.room, self.asked = room, []

    def predict(self, rows, batch_size, verbose):
        self.asked.append(batch_size)
        if batch_size > self.room:
            raise RuntimeError(EXHAUSTED)
        return rows[:, :2]


def test_encoding_goes_on_with_smaller_batches():
    encoder = Predicting(300)
    x = pulses(20)
    np.testing.assert_array_equal(encode(x, encoder), x[:, :2])
    assert encoder.asked == [1000, 500, 250]
    with pytest.raises(OutOfMemory, match="compiled=True"):
        encode(x, Predicting(0))


def test_models_are_trained_in_smaller_groups(monkeypatch):
    shapes = [w.shape for w in waveform_cae(512).weights]
    starts = [Start(0, i, i, fresh_weights(shapes, i)) for i in range(5)]
    x = pulses(60)
    job = Job(waveform_cae(512).architecture, x[:40], x[40:], starts, 1, batch_size=20)
    whole = JaxEngine._train

    def limited(self, network, data, held, job, group, report, cancelled):
        if len(group) > 2:
            raise RuntimeError(EXHAUSTED)
        return whole(self, network, data, held, job, group, report, cancelled)

    monkeypatch.setattr(JaxEngine, "_train", limited)
    ended = JaxEngine(together=5).run(job, lambda _record: None, lambda: False)
    assert [one.start.number for one in ended] == [0, 1, 2, 3, 4]
    assert ended[0].notes == [
        "the device's memory was too small: 3 models at once",
        "the device's memory was too small: 2 models at once",
    ]
