"""What travels between steps and lies in the cache: that it comes back as it was, and nothing else does."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import astrodata_kernel as adk
import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.errors import BadRequest, DamagedFile
from astrodata_kernel.pipeline import Cache, File, Pipeline, block
from astrodata_kernel.pipeline import value_kinds as kinds
from astrodata_kernel.pipeline.claims import Claims
from astrodata_kernel.pipeline.parameters import Parameter, canonical_json


def back(cache: Cache, value: Any) -> Any:
    return cache.get(cache.put(value).hash)


def test_a_masked_array_keeps_its_mask(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    flux = np.ma.MaskedArray([1.0, -999.0], mask=[False, True], fill_value=-1.0)
    found = back(cache, flux)
    assert found.mean() == 1.0
    np.testing.assert_array_equal(found.filled(), [1.0, -1.0])
    assert cache.put(found) == cache.put(flux)
    assert cache.put(flux).hash != cache.put(flux.data).hash
    assert back(cache, {"m": flux, "n": flux.data})["m"].mask.tolist() == [False, True]
    assert back(cache, np.ma.masked) is np.ma.masked
    plain = back(cache, np.ma.MaskedArray([1, 2]))
    assert isinstance(plain, np.ma.MaskedArray)
    assert not plain.mask.any()


def test_arrays_that_would_come_back_as_something_else_are_refused(tmp_path: Path) -> None:
    units = pytest.importorskip("astropy.units")
    cache = Cache(tmp_path)
    for value, words in (
        (np.array([[1, 2]]).view(np.matrix), "without what matrix adds"),
        ([1.0, 2.0] * units.m, "without what Quantity adds"),
        (np.array([1, "a"], object), "its items are Python objects"),
    ):
        with pytest.raises(BadRequest, match=words):
            cache.put(value)
    told = np.array([(1, 2.5)], dtype=[("id", "i4"), ("flux", "f8")])
    assert back(cache, told)["flux"].tolist() == [2.5]


def test_equal_arrays_have_one_hash_whatever_order_they_lie_in(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    values = np.arange(12.0).reshape(3, 4)
    assert cache.put(np.asfortranarray(values)) == cache.put(values)
    assert cache.put(values[:, ::2]) == cache.put(values[:, ::2].copy())
    assert back(cache, np.float32(2.5)).shape == ()
    assert back(cache, np.zeros((0, 3))).shape == (0, 3)


def test_what_a_block_writes_into_its_input_stays_with_the_block(tmp_path: Path) -> None:
    @block(stage="ingest")
    def ramp() -> Any:
        return np.arange(3.0)

    @block
    def less(a: Any) -> Any:
        a -= 1
        return a

    pipeline = Pipeline("p").add("ramp", ramp).add("less", less, "ramp")
    run = pipeline.run(workspace=tmp_path, progress=False)
    assert run.outputs["less"].tolist() == [-1.0, 0.0, 1.0]
    assert run.outputs["ramp"].tolist() == [0.0, 1.0, 2.0]
    assert Cache(tmp_path).damaged() == []


def test_plain_values_keep_the_order_of_their_keys_and_hash_without_it(tmp_path: Path) -> None:
    given = {"z": 1, "a": {"y": (1, 2), "b": math.nan}}
    found = back(Cache(tmp_path), given)
    assert list(found) == ["z", "a"]
    assert list(found["a"]) == ["y", "b"]
    assert found["a"]["y"] == [1, 2]
    assert kinds.hash_of({"a": 1, "b": [2]}) == kinds.hash_of({"b": (2,), "a": 1})
    assert kinds.hash_of({"a": 1}) != kinds.hash_of({"a": 2})
    arrays = {"b": np.arange(2), "a": np.arange(3)}
    assert kinds.hash_of(arrays) == kinds.hash_of(dict(sorted(arrays.items())))


@pytest.mark.parametrize("name", ["flux", None, 3, ("a", 1)])
def test_a_column_comes_back_with_its_index_and_name(tmp_path: Path, name: Any) -> None:
    value = pd.Series([1.5, None], index=pd.Index(["x", "y"], name="star"), name=name)
    pd.testing.assert_series_equal(back(Cache(tmp_path), value), value)


def test_columns_and_keys_that_cannot_be_kept_are_told(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for value, words in (
        (pd.DataFrame({"z": [1 + 2j]}), "cannot be kept as Parquet"),
        (pd.DataFrame({"s": [{}]}), "cannot be kept as Parquet"),
        ({0: np.arange(2)}, "give texts as keys, such as '0'"),
    ):
        with pytest.raises(BadRequest, match=words):
            cache.put(value)
    assert not list((cache.folder / "values").glob(".new-*"))


def test_what_is_made_of_parts_is_written_once(tmp_path: Path, monkeypatch: Any) -> None:
    import tempfile

    def refused(*_args: Any, **_more: Any) -> None:
        raise AssertionError("a value is written a second time")

    cache = Cache(tmp_path)
    monkeypatch.setattr(tempfile, "mkdtemp", refused)
    values = {"a": np.arange(4), "t": pd.DataFrame({"x": [1]}), "l": [np.arange(2), 1]}
    kept = cache.put(values)
    memory = adk.datasets.Dataset.of_array(np.zeros((4, 4)), "m")
    of_memory = cache.put(memory)
    monkeypatch.undo()
    assert kinds.hash_of(values) == kept.hash
    assert kinds.hash_of(memory) == of_memory.hash


class Band(enum.Enum):
    RED = "r"


class Filter(enum.Enum):
    RED = "r"


@dataclasses.dataclass(frozen=True)
class Cut:
    names: frozenset[str]


@dataclasses.dataclass(frozen=True)
class Other:
    names: frozenset[str]


def test_different_values_of_a_parameter_of_any_type_have_different_keys() -> None:
    parameter = Parameter("x", Any)
    names = frozenset({"a", "b"})
    values = [
        math.nan, math.inf, -math.inf, None, 1, 1.0, True, "r", b"r", Path("r"), Band.RED, Filter.RED,
        (1, 2), [1, 2], {1, 2}, {1: 2}, {"1": 2}, Cut(names), Other(names), {"names": ["a", "b"]},
    ]  # fmt: skip
    told = [canonical_json(parameter.canonical(value)) for value in values]
    assert len(set(told)) == len(values), told
    inside = Parameter("x", dict[str, Any])
    assert inside.canonical({"a": Band.RED}) != inside.canonical({"a": "r"})
    either = Parameter("x", str | Path)
    assert either.canonical("r") == "r"
    assert either.canonical(Path("r")) != "r"
    assert Parameter("x", Path).canonical(Path("r")) == "r"
    assert Parameter("x", Band | None).canonical(Band.RED) == "r"
    assert Parameter("x", Any, (1, 2)).json_schema()["default"] == [1, 2]
    with pytest.raises(BadRequest, match="cannot be written into a record"):
        parameter.canonical(b"\xff\xfe")


def test_sets_have_the_same_key_in_each_process() -> None:
    code = (
        "from astrodata_kernel.pipeline.parameters import Parameter as P\n"
        "s = {'vega', 'deneb', 'altair', 'sirius'}\n"
        "print(P('x', set[str]).canonical(s), P('x', dict[str, set[str]]).canonical({'s': s}),"
        " P('x', object).canonical(s))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(told) == 1
    assert "['altair', 'deneb', 'sirius', 'vega']" in told.pop()


@pytest.fixture
def keras() -> Any:
    pytest.importorskip("keras")
    from astrodata_kernel.models.backend import keras_with_backend

    return keras_with_backend()


def network(keras: Any, swapped: bool = False, name: str | None = None) -> Any:
    start = keras.Input((4,))
    one = keras.layers.Dense(4, kernel_initializer="ones", name=name)(start)
    two = keras.layers.Dense(4, kernel_initializer="ones")(one)
    ends = [two, one] if swapped else [one, two]
    return keras.Model(start, keras.layers.Subtract()(ends))


def test_a_network_that_is_built_twice_has_one_hash_and_another_wiring_another(keras: Any) -> None:
    first = kinds.hash_of(network(keras))
    assert kinds.hash_of(network(keras)) == first
    assert kinds.hash_of(network(keras, swapped=True)) != first
    # A name that somebody chose is what the layer is asked for by.
    assert kinds.hash_of(network(keras, name="encoder")) != first


def test_networks_of_different_precision_have_different_hashes(keras: Any) -> None:
    def flat(dtype: str, name: str | None = None, activation: str = "relu") -> Any:
        layer = keras.layers.Dense(
            2, dtype=dtype, name=name, activation=activation, kernel_initializer="ones"
        )
        return kinds.hash_of(keras.Sequential([keras.Input((4,)), layer]))

    assert flat("float32") == flat("float32")
    assert flat("float32") != flat("mixed_float16")
    assert flat("float32", "relu", "relu") != flat("float32", "tanh", "tanh")


@block(stage="ingest", outputs=("data",))
def opened(*, path: File) -> Any:
    return adk.open(path)


@block
def rows(data: Any, *, times: int = 1) -> int:
    return len(data.table.read()) * times


def test_a_table_that_was_moved_is_read_from_where_it_is_now(tmp_path: Path) -> None:
    pd.DataFrame({"x": [1, 2, 3]}).to_parquet(tmp_path / "t.parquet")

    def ran(path: Path, times: int) -> Any:
        pipeline = Pipeline("p").add("open", opened, path=str(path))
        pipeline.add("rows", rows, "open", times=times)
        return pipeline.run(workspace=tmp_path, progress=False)

    assert ran(tmp_path / "t.parquet", 1).outputs["rows"] == 3
    (tmp_path / "sub").mkdir()
    moved = (tmp_path / "t.parquet").rename(tmp_path / "sub/u.parquet")
    again = ran(moved, 2)
    assert again.computed == ("open", "rows")
    assert again.outputs["rows"] == 6
    assert again.outputs["open"].provenance.path == str(moved)
    assert ran(moved, 3).computed == ("rows",)
    # Touched, with the same bytes: it holds.
    os.utime(moved, (1_000_000_000, 1_000_000_000))
    assert ran(moved, 4).computed == ("rows",)
    pair = Cache(tmp_path).put([adk.open(moved), 1])
    assert Cache(tmp_path).has(pair.hash)
    moved.unlink()
    assert not Cache(tmp_path).has(pair.hash)


def test_a_damaged_value_of_the_same_size_is_noticed_removed_and_made_anew(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    values = np.arange(1000.0)
    kept = cache.put(values)
    path = next(iter(cache.files_of(kept.hash)))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert cache.has(kept.hash)
    assert cache.damaged() == [kept.hash]
    with pytest.raises(DamagedFile, match="not as it was written, and is removed"):
        cache.get(kept.hash)
    assert not cache.has(kept.hash)
    assert cache.put(values) == kept
    np.testing.assert_array_equal(cache.get(kept.hash), values)
    # One that was not read since is replaced as well.
    path.write_bytes(content)
    assert cache.put(values) == kept
    np.testing.assert_array_equal(cache.get(kept.hash), values)
    path.write_bytes(content)
    assert cache.damaged(remove=True) == [kept.hash]
    assert cache.damaged() == []
    assert not list((cache.folder / "values").glob(".*"))


def test_a_large_value_is_looked_at_where_its_time_differs(
    tmp_path: Path, monkeypatch: Any
) -> None:
    from astrodata_kernel.pipeline import kept_values

    monkeypatch.setattr(kept_values, "SMALL", 100)
    cache = Cache(tmp_path)
    kept = cache.put(np.arange(1000.0))
    path = next(iter(cache.files_of(kept.hash)))
    written = path.stat().st_mtime_ns
    os.utime(path, (1_000_000_000, 1_000_000_000))  # as a copy of the cache has it
    assert cache.get(kept.hash).sum() == 499500
    assert path.stat().st_mtime_ns == written
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    with pytest.raises(DamagedFile):
        cache.get(kept.hash)


def claim(folder: Path, **told: Any) -> Path:
    from astrodata_kernel.pipeline.claims import _me

    folder.mkdir(exist_ok=True)
    path = folder / "key"
    path.write_text(json.dumps({**_me(), **told}))
    return path


@pytest.mark.parametrize(
    ("told", "age"),
    [
        ({"pid": os.getpid(), "start": "1"}, 0),  # the number of a process that ended
        ({"pid": 1}, 3600),  # a process that lives, without a sign of life
        ({"host": "elsewhere"}, 3600),
        ({"pid": "x"}, 3600),
    ],
)
def test_a_claim_without_a_living_owner_is_taken_over(
    tmp_path: Path, told: dict[str, Any], age: float
) -> None:
    path = claim(tmp_path / "claims", **told)
    os.utime(path, (time.time() - age,) * 2)

    def waits() -> None:
        raise AssertionError("it waits")

    with Claims(tmp_path / "claims").hold("key", waits, lambda text: None):
        assert json.loads(path.read_text())["pid"] == os.getpid()
    assert not path.exists()


def test_a_claim_of_a_process_that_lives_is_waited_for(tmp_path: Path) -> None:
    claim(tmp_path / "claims")

    class Enough(Exception):
        pass

    def check() -> None:
        raise Enough

    with (
        pytest.raises(Enough),
        Claims(tmp_path / "claims").hold("key", check, lambda text: None),
    ):
        pass


def test_what_a_killed_process_had_in_temporary_folders_goes_with_the_next_one(
    tmp_path: Path,
) -> None:
    code = """
import os, sys
from pathlib import Path
from astrodata_kernel.pipeline import Work
from astrodata_kernel.pipeline.caching import Cache
step = Work().folder
(step / "half").write_bytes(b"x")
Path("given.txt").write_text("x")
cache = Cache(".")
print(step, cache.get(cache.put(Path("given.txt")).hash).parent, flush=True)
if sys.argv[1:]:
    os.kill(os.getpid(), 9)
"""
    place = tmp_path / "tmp"
    place.mkdir()

    def run(*words: str) -> list[Path]:
        told = subprocess.run(
            [sys.executable, "-c", code, *words],
            env={**os.environ, "TMPDIR": str(place)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        return [Path(one) for one in told.stdout.split()]

    killed = run("dies")
    assert [one.is_dir() for one in killed] == [True, True]
    assert [one.exists() for one in (*killed, *run())] == [False] * 4
    assert list(place.iterdir()) == []


def aged(path: Path, seconds: float) -> None:
    for one in (*path.rglob("*"), path):
        os.utime(one, (time.time() - seconds,) * 2)


def test_pruning_leaves_what_is_younger_than_an_hour_or_of_a_run_under_way(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    kept = cache.put(list(range(10)))
    assert cache.prune(0) == 0
    assert cache.has(kept.hash)
    aged(cache.folder, 2 * 3600)
    record = adk.runs.RunFolder.create(tmp_path, "long")
    told = record.read()
    told["steps"] = {
        "a": {"state": "finished", "outputs": {"v": {"hash": kept.hash, "kind": "json"}}}
    }
    record.write(told)
    assert cache.prune(0) == 0
    record.write({**told, "state": "finished"})
    assert cache.prune(0, dry_run=True) > 0
    assert cache.has(kept.hash)
    # What is put again is of use again.
    cache.put(list(range(10)))
    assert cache.prune(0) == 0
    aged(cache.folder, 2 * 3600)
    assert cache.prune(0) > 0
    assert not cache.has(kept.hash)
    for days in (math.nan, -5):
        with pytest.raises(BadRequest, match="from 0 on"):
            cache.prune(days)


def test_checkpoints_of_steps_that_failed_are_pruned_after_their_days(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for name in ("old", "new"):
        cache.work_folder(name).mkdir(parents=True)
        (cache.work_folder(name) / "epoch").write_bytes(bytes(1000))
    aged(cache.work_folder("old"), 40 * 86400)
    aged(cache.work_folder("new"), 40 * 86400)
    os.utime(cache.work_folder("new") / "epoch")
    assert cache.prune(30, dry_run=True) == 1000
    assert cache.prune(30) == 1000
    assert [path.name for path in (cache.folder / "work").iterdir()] == ["new"]


@pytest.mark.parametrize(
    "text",
    [
        '{"hash": "x", "kind": "json", "size": 1}',
        '{"hash": 5, "kind": "json", "size": 1}',
        '{"hash": null}',
        "7",
        "[" * 100_000,
        '{"hash": "x", "kind": "json", "size": 1e999}',
    ],
)
def test_a_result_that_somebody_spoilt_is_none(tmp_path: Path, text: str) -> None:
    @block(stage="ingest")
    def one() -> int:
        return 1

    pipeline = Pipeline("p").add("one", one)
    pipeline.run(workspace=tmp_path, progress=False)
    (path,) = (tmp_path / "astrodata/cache/results").rglob("*.json")
    told = json.loads(path.read_text())
    told["outputs"] = {"value": "HERE"}
    path.write_text(json.dumps(told).replace('"HERE"', text))
    again = pipeline.run(workspace=tmp_path, progress=False)
    assert again.computed == ("one",)
    assert again.outputs["one"] == 1


def test_a_value_names_no_files_but_its_own(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    secret = tmp_path / "secret.txt"
    secret.write_text("mine")
    kept = cache.put([1, 2])
    folder = next(iter(cache.files_of(kept.hash))).parents[1]
    about = json.loads((folder / "about.json").read_text())
    facts = next(iter(about["files"].values()))
    (folder / "content/link").symlink_to(secret)
    (folder / "content/dir").symlink_to(tmp_path, target_is_directory=True)
    up = "/".join([".."] * 10) + str(secret)
    for name in (up, str(secret), "link", "dir/secret.txt", "./value.json", "a\0b", ".", ""):
        files = {name: {**facts, "size": 4}}
        (folder / "about.json").write_text(json.dumps({**about, "files": files}))
        assert not cache.has(kept.hash), name
        with pytest.raises(DamagedFile):
            cache.files_of(kept.hash)
    (folder / "about.json").write_text("[" * 100_000)
    with pytest.raises(DamagedFile):
        cache.get(kept.hash)
    assert cache.put([1, 2]) == kept
    assert cache.get(kept.hash) == [1, 2]
    assert secret.read_text() == "mine"


def test_who_writes_into_a_file_of_a_step_does_not_change_the_cache(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    (tmp_path / "page.html").write_text("as it was")
    kept = cache.put(tmp_path / "page.html")
    first = cache.get(kept.hash)
    assert first.name == "page.html"
    assert cache.folder not in first.parents
    assert cache.get(kept.hash) == first
    first.write_text("spoilt!!!")
    second = cache.get(kept.hash)
    assert second.read_text() == "as it was"
    assert second.name == "page.html"
    assert cache.damaged() == []


def test_others_of_the_group_may_read_what_is_kept_where_the_umask_lets_them(
    tmp_path: Path,
) -> None:
    code = (
        "import os, sys; os.umask(0o027)\n"
        "import numpy as np\n"
        "from astrodata_kernel.pipeline import Cache\n"
        "from astrodata_kernel.pipeline.caching import Result\n"
        "cache = Cache(sys.argv[1])\n"
        "cache.remember(Result('ab' * 32, {'a': cache.put(np.arange(3)), 'b': cache.put([1])}))\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    found = list((tmp_path / "astrodata/cache").rglob("*"))
    assert len([path for path in found if path.is_file()]) == 5
    for path in found:
        wanted = 0o750 if path.is_dir() else 0o640
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
