import json
import threading
from dataclasses import replace
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
import traitlets
from astrodata_kernel.datasets import Dataset
from astrodata_kernel.errors import AstrodataError, BadRequest, Cancelled, UnsupportedFormat
from astrodata_kernel.processing.strain import band_pass, q_transform, whiten
from astrodata_kernel.processing.strain import bench as bench_module
from astrodata_kernel.processing.strain.bench import Bench, Kept, Settings
from astrodata_kernel.widgets.base import STATIC, Cancel
from astrodata_kernel.widgets.strain import StrainViewer

RATE, START = 1024.0, 1_000_000_000.0
RAW = {"whiten": False, "band": None, "notches": []}
MERGER = 1126259462.42


def record(seconds: float = 32, seed: int = 0) -> Dataset:
    time = np.arange(int(seconds * RATE)) / RATE
    noise = np.cumsum(np.random.default_rng(seed).normal(size=time.size))
    burst = 20 * np.exp(-(((time - 12) / 0.02) ** 2)) * np.sin(2 * np.pi * 120 * (time - 12))
    values = 1e-21 * (noise - noise.mean() + burst)
    meta = {
        "unit": "strain",
        "sample_rate": RATE,
        "gps_start": START,
        "detector": "X1",
        "segments": [
            {"name": "DATA", "start": START - 5, "stop": START + 32, "bit": 0},
            {"name": "CAT2", "start": START + 3, "stop": START + 20, "bit": 2},
        ],
        "warnings": ["made for a test"],
    }
    return replace(Dataset.of_array(values, "made.hdf5"), kind="strain", meta=meta)


@pytest.fixture
def viewer() -> StrainViewer:
    return StrainViewer(record(), center=START + 12, window=1.0)


@pytest.fixture
def gw150914(data: Path) -> Path:
    return data / "waveforms" / "gw" / "H-H1_LOSC_4_V2-1126259446-32.hdf5"


def test_the_built_bundle_is_there_and_small_enough_for_each_cell_to_carry() -> None:
    assert 0 < (STATIC / "strain.js").stat().st_size < 250_000
    assert (STATIC / "strain.css").stat().st_size > 0


def test_describe_tells_what_the_browser_needs_to_know() -> None:
    glitches = [{"time": START + 9, "snr": 7.0}, {"time": START + 99, "snr": 8.0}]
    meta = StrainViewer(record(), glitches=glitches).request("describe").meta
    assert (meta["name"], meta["detector"], meta["unit"]) == ("made.hdf5", "X1", "strain")
    assert (meta["sample_rate"], meta["epoch"], meta["gps"]) == (RATE, START, True)
    assert (meta["duration"], meta["samples"]) == (32.0, 32768)
    assert meta["flags"] == [
        {"name": "DATA", "spans": [[0.0, 32.0]]},
        {"name": "CAT2", "spans": [[3.0, 20.0]]},
    ]
    assert [glitch["time"] for glitch in meta["glitches"]] == [9.0]
    assert meta["warnings"] == ["made for a test", "1 of 2 glitches lie outside of this record"]
    json.dumps(meta, allow_nan=False)


def test_gaps_are_told_and_drawn_as_gaps() -> None:
    dataset = record()
    values = np.array(dataset.array)
    values[10_000:11_024] = np.nan
    viewer = StrainViewer(values, sample_rate=RATE)
    meta = viewer.request("describe").meta
    assert meta["gps"] is False
    assert "1 gap without data, 1 s together" in meta["warnings"][0]
    settings = {"whiten": True, "band": [35, 200], "notches": [60]}
    low, high = viewer.request("series", start=0, stop=32, columns=320, settings=settings).array()[
        0
    ]
    gap = np.isnan(low)
    assert 9 <= gap.sum() <= 10
    np.testing.assert_array_equal(gap, np.isnan(high))
    for kind in ("asd", "spectrogram", "q"):
        where = (
            {"center": 20.0, "window": 2.0} if kind != "spectrogram" else {"start": 0, "stop": 32}
        )
        more = {"asd": {}, "spectrogram": {"frange": [20, 400]}}.get(
            kind, {"frange": [20, 400], "q": 12}
        )
        reply = viewer.request(kind, **where, **more, settings=settings)
        shape = reply.meta["whole"]["shape"] if kind == "asd" else reply.meta["shape"]
        assert np.isfinite(np.frombuffer(reply.buffers[0], "f4").reshape(shape)).mean() > 0.9


def test_the_series_is_the_exact_envelope(viewer: StrainViewer) -> None:
    reply = viewer.request("series", start=2, stop=18, columns=100, settings=RAW)
    values = np.array(viewer.dataset.array)[2048 : 18 * 1024].astype("f4")
    edges = np.arange(101) * values.size // 100
    low, high = reply.array()[0]
    np.testing.assert_array_equal(low, np.minimum.reduceat(values, edges[:-1]))
    np.testing.assert_array_equal(high, np.maximum.reduceat(values, edges[:-1]))
    assert (reply.meta["start"], reply.meta["stop"], reply.meta["exact"]) == (2.0, 18.0, False)
    assert reply.meta["unit"] == "strain"


def test_a_close_look_gives_each_sample(viewer: StrainViewer) -> None:
    reply = viewer.request("series", start=12.0, stop=12.1, columns=1000, settings=RAW)
    first, last = 12 * 1024, 12 * 1024 + 103
    assert reply.meta["exact"] is True
    np.testing.assert_array_equal(
        reply.array()[0][0], np.array(viewer.dataset.array)[first:last].astype("f4")
    )


def test_settings_act_as_the_functions_do(viewer: StrainViewer) -> None:
    settings = {"whiten": True, "band": [35, 200], "notches": []}
    reply = viewer.request("series", start=10, stop=11, columns=1024, settings=settings)
    values = np.array(viewer.dataset.array)
    wanted = band_pass(whiten(values, RATE), RATE, 35, 200)[10 * 1024 : 11 * 1024]
    np.testing.assert_allclose(reply.array()[0][0], wanted, atol=1e-5)
    assert reply.meta["unit"] == "σ"


def test_the_density_comes_for_the_record_and_the_window(viewer: StrainViewer) -> None:
    reply = viewer.request("asd", center=12.0, window=2.0, settings=RAW)
    whole, selected = (
        np.frombuffer(buffer, "<f4").reshape(reply.meta[name]["shape"])[0]
        for name, buffer in zip(("whole", "selected"), reply.buffers, strict=True)
    )
    assert whole[0][0] == 0.25
    assert selected[0][0] == 2.0
    assert reply.meta["unit"] == "strain/√Hz"
    frequencies, amplitude = StrainViewer(record(), whiten=False).asd()
    assert set(whole[0]) <= set(frequencies.astype("f4"))
    assert amplitude.max().astype("f4") == pytest.approx(whole[1].max(), rel=0.2)


def test_the_q_transform_peaks_at_the_burst_and_python_gets_the_same(viewer: StrainViewer) -> None:
    reply = viewer.request(
        "q",
        center=12.0,
        window=1.0,
        q=12.0,
        frange=list(viewer.frange),
        columns=200,
        rows=100,
        settings={"whiten": True, "band": None, "notches": []},
    )
    peak = reply.meta["peak"]
    assert peak["time"] == pytest.approx(12.0, abs=0.02)
    assert peak["frequency"] == pytest.approx(120, rel=0.15)
    energy, frequencies, times = viewer.q_transform(rows=100, columns=200)
    np.testing.assert_array_equal(energy, reply.array()[0])
    assert abs(times.mean() - (START + 12)) < 1e-3
    ratio = (reply.meta["high"] / reply.meta["low"]) ** (1 / 100)
    assert frequencies[0] == pytest.approx(reply.meta["low"] * ratio**0.5)
    assert reply.meta["start"] == pytest.approx(11.5)


def test_the_band_fades_the_rows_outside_of_it(viewer: StrainViewer) -> None:
    open_, _, _ = viewer.q_transform(rows=60, columns=100)
    viewer.band = [100.0, 200.0]
    energy, frequencies, _ = viewer.q_transform(rows=60, columns=100)
    inside = (frequencies > 130) & (frequencies < 160)
    np.testing.assert_allclose(energy[inside], open_[inside], rtol=0.05)
    assert energy[frequencies < 40].max() < 1e-3


def test_a_spectrogram_has_log_rows_and_limits(viewer: StrainViewer) -> None:
    reply = viewer.request(
        "spectrogram", start=8, stop=16, frange=[20, 400], columns=80, rows=50, settings=RAW
    )
    assert reply.meta["shape"] == [1, 50, 80]
    image = reply.array()[0]
    assert np.isfinite(image).all()
    low, high = reply.meta["limits"]
    assert np.mean((image >= low) & (image <= high)) > 0.95
    # Red noise: the lowest row is the loudest.
    assert image[0].mean() > image[-1].mean() + 0.8


def test_what_was_seen_before_is_not_computed_again(
    viewer: StrainViewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    monkeypatch.setattr(
        bench_module, "q_transform", lambda *a, **k: calls.append(1) or q_transform(*a, **k)
    )
    ask = {"center": 12.0, "window": 1.0, "frange": [20, 400], "rows": 20, "columns": 20}
    one = viewer.request("q", q=12, settings=RAW, **ask)
    viewer.request("q", q=8, settings=RAW, **ask)
    again = viewer.request("q", q=12, settings=RAW, **ask)
    assert len(calls) == 2
    assert again is one


def test_a_cancelled_request_gives_up_before_it_is_done(viewer: StrainViewer) -> None:
    cancel = Cancel()
    cancel.set()
    ask = {"center": 12.0, "window": 1.0, "frange": [20, 400], "q": 12.0, "settings": RAW}
    with pytest.raises(Cancelled):
        viewer._call("q", ask, cancel)
    assert viewer.request("q", **ask).meta["shape"][1] > 1


def test_frequencies_beyond_the_reach_of_a_q_are_left_out(viewer: StrainViewer) -> None:
    ask = {"center": 12.0, "window": 1.0, "frange": [20, 512], "settings": RAW}
    reply = viewer.request("q", q=4.0, **ask)
    assert reply.meta["high"] < 300
    with pytest.raises(BadRequest, match="reach from"):
        viewer.request("q", q=4.0, **{**ask, "frange": [400, 500]})


@pytest.mark.parametrize(
    ("trait", "value", "words"),
    [
        ("band", [35.0, 600.0], "below 512 Hz"),
        ("band", [200.0, 100.0], "low edge comes first"),
        ("notches", [60.0, 512.0], "below 512 Hz"),
        ("frange", [0.0, 100.0], "up to 512 Hz"),
        ("frange", [20.0, 513.0], "up to 512 Hz"),
        ("center", START - 1, "the record lasts from"),
        ("span", [5.0, 4.0], "earlier one first"),
    ],
)
def test_traits_out_of_reach_are_refused_with_the_limits(
    viewer: StrainViewer, trait: str, value: object, words: str
) -> None:
    with pytest.raises(BadRequest, match=words):
        setattr(viewer, trait, value)


@pytest.mark.parametrize(("trait", "value"), [("q", 2.0), ("window", 20.0), ("panels", ["none"])])
def test_traits_outside_of_their_range_are_refused(viewer: StrainViewer, trait, value) -> None:
    with pytest.raises(traitlets.TraitError, match=trait):
        setattr(viewer, trait, value)


def test_open_sides_of_a_band_and_no_band_are_fine(viewer: StrainViewer) -> None:
    for band in ([35.0, None], [None, 200.0], [None, None], None):
        viewer.band = band
        assert np.isfinite(viewer.series()[1]).all()


@pytest.mark.parametrize(
    ("kind", "msg", "words"),
    [
        ("series", {"start": 40, "stop": 41}, "hold no sample: the record lasts from 0 to 32 s"),
        ("series", {"start": 4, "stop": 3}, "earlier one first"),
        ("series", {"start": 0, "stop": 3, "columns": 0}, "columns or rows"),
        ("series", {"start": 0, "stop": 3, "settings": {"band": [35, 5000]}}, "below 512 Hz"),
        ("series", {"start": 0, "stop": 3, "settings": {"band": "wide"}}, r"\[low, high\]"),
        ("series", {"start": 0, "stop": 3, "settings": {"bands": 3}}, "band and notches are known"),
        ("asd", {"center": 99, "window": 1}, "hold no sample"),
        ("q", {"center": 99, "window": 1, "q": 12, "frange": [20, 400]}, "outside of the record"),
        ("spectrogram", {"start": 0, "stop": 1, "frange": [20, 5000]}, "up to 512 Hz"),
    ],
)
def test_requests_out_of_reach_are_refused_with_the_limits(
    viewer: StrainViewer, kind: str, msg: dict, words: str
) -> None:
    with pytest.raises(AstrodataError, match=words):
        viewer.request(kind, **msg)


def test_a_series_too_short_to_be_whitened_says_so_and_can_be_seen_raw() -> None:
    viewer = StrainViewer(np.random.default_rng(0).normal(size=20), sample_rate=10, frange=[1, 4])
    with pytest.raises(BadRequest, match=r"20 samples .*too short for a spectrum: at least 32"):
        viewer.request("series", start=0, stop=2, settings={"whiten": True})
    assert viewer.request("series", start=0, stop=2, settings=RAW).meta["exact"] is True


def test_sources_that_are_no_series_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"does not tell its sample rate.*sample_rate=4096"):
        StrainViewer(np.zeros(99))
    with pytest.raises(UnsupportedFormat, match="image of shape"):
        StrainViewer(np.zeros((3, 4)), sample_rate=1)
    with pytest.raises(BadRequest, match="positive"):
        StrainViewer(np.zeros(99), sample_rate=-4)
    with pytest.raises(UnsupportedFormat, match="complex128"):
        StrainViewer(np.zeros(99, complex), sample_rate=4)
    with pytest.raises(UnsupportedFormat, match="no samples"):
        StrainViewer(np.zeros(0), sample_rate=4)


def test_a_path_and_a_sample_period_will_do(tmp_path: Path) -> None:
    np.save(tmp_path / "series.npy", np.array(record().array))
    viewer = StrainViewer(tmp_path / "series.npy", sample_rate=RATE, gps_start=5)
    assert viewer.center == 21.0
    times, values = viewer.series()
    assert times.size == values.size == 2048
    dataset = record()
    period = replace(dataset, meta={"sample_period": 1 / RATE})
    assert StrainViewer(period).sample_rate == RATE


def test_a_record_of_many_chunks_is_the_same_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.array(record(64).array)
    settings = Settings(True, (35.0, 200.0), (60.0,))
    whole = Bench(values, RATE).read(0, values.size, settings)
    monkeypatch.setattr(bench_module, "CHUNK", 10_000)
    pieces = Bench(values, RATE).read(0, values.size, settings)
    inner = slice(4096, -4096)
    np.testing.assert_allclose(pieces[inner], whole[inner], atol=0.02)
    holed = values.copy()
    holed[20_000:30_000] = np.nan
    part = Bench(holed, RATE).read(15_000, 35_000, settings)
    assert np.isnan(part[5000:15_000]).all()


def test_what_is_kept_stays_below_its_bytes() -> None:
    kept: Kept[bytes] = Kept(100)
    for key in range(10):
        assert kept.get(key, lambda key=key: bytes([key]) * 40, len)[0] == key
    made = []
    assert kept.get(9, lambda: made.append(1) or b"", len)[0] == 9
    assert kept.get(0, lambda: made.append(1) or b"again", len) == b"again"
    assert made == [1]


def test_two_threads_may_ask_at_once(viewer: StrainViewer) -> None:
    answers: list[object] = []
    ask = {"start": 0, "stop": 32, "settings": {"whiten": True}}
    threads = [
        threading.Thread(target=lambda: answers.append(viewer.request("series", **ask).array()))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    np.testing.assert_array_equal(answers[0], answers[3])


def test_the_chirp_of_gw150914_stands_out_once_whitened_and_band_passed(gw150914: Path) -> None:
    viewer = StrainViewer(adk.open(gw150914), center=MERGER, window=8.0, band=[35.0, 350.0])
    times, values = viewer.series()
    near = np.abs(times - MERGER) < 0.05
    assert np.abs(values[near]).max() > 4 * values.std()


def test_the_q_transform_of_gw150914_peaks_where_the_black_holes_merge(gw150914: Path) -> None:
    viewer = StrainViewer(gw150914, center=MERGER, window=1.0)
    energy, frequencies, times = viewer.q_transform()
    merger = energy[:, (times > 1126259462.3) & (times < 1126259462.5)]
    row = np.unravel_index(merger.argmax(), merger.shape)[0]
    assert 50 < frequencies[row] < 300
    assert merger.max() > 20
    assert merger.max() == energy.max()
