import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.data_tests import Tests, profile, read_with_schema
from astrodata_kernel.errors import BadRequest, DataCheckFailed

LARGE = 2**53 + 1
"""No float64."""


def read(values, dtype, bad="stop"):
    return read_with_schema(pd.DataFrame({"v": values}), {"v": dtype}, bad=bad).v


def result(column, **test):
    [found] = Tests.of([{"on": "v", **test}]).run(pd.DataFrame({"v": column})).results
    return found


def test_ids_written_as_texts_keep_every_digit_beside_gaps_and_bad_values() -> None:
    assert read([str(LARGE), None], "Int64").tolist() == [LARGE, pd.NA]
    gaia = ["4657280635327480833", "no id", f" +{LARGE}.0", "1e3", "9223372036854775808"]
    assert read(gaia, "Int64", "missing").tolist() == [int(gaia[0]), pd.NA, LARGE, 1000, pd.NA]
    assert read([str(2**64 - 1), "1"], "uint64").tolist() == [2**64 - 1, 1]
    with pytest.raises(DataCheckFailed, match=r"1 values .* \('9223372036854775808' in row 1\)"):
        read(["1", "9223372036854775808"], "Int64")


def test_whole_numbers_beside_one_that_does_not_fit_keep_every_digit() -> None:
    assert read([LARGE, -1], "uint64", "missing").tolist() == [LARGE, pd.NA]
    assert read(np.array([LARGE, 2**63], np.uint64), "Int64", "missing").tolist() == [LARGE, pd.NA]


def test_whole_numbers_with_gaps_are_compared_exactly() -> None:
    found = result(pd.array([2**60 + 1, None, 5], "Int64"), check="range", at_most=2**60)
    assert (found.ok, found.failing, found.first) == (False, 1, (0,))
    assert (found.numbers["min"], found.numbers["max"]) == (5, 2**60 + 1)
    assert not result(pd.array([2**60 + 1, None, 2**60], "Int64"), check="monotonic").ok
    assert not result(pd.array([LARGE, None], "Int64"), check="allowed", values=[LARGE - 1, 0.5]).ok


def test_a_gap_among_whole_numbers_is_no_zero() -> None:
    gaps = pd.array([3, None, 5], "Int64")
    assert result(gaps, check="range", at_least=1).ok
    assert result(gaps, check="range", at_least=1).numbers["min"] == 3
    assert result(gaps, check="finite").first == (1,)
    assert result(gaps, check="finite", missing=True).ok
    told = profile(pd.DataFrame({"v": gaps})).columns["v"]
    assert (told["missing"], told["min"], told["max"]) == (1, 3.0, 5.0)


@pytest.mark.parametrize("dtype", ["float32", "float64", "Float32"])
def test_allowed_numbers_are_those_of_the_precision_of_the_column(dtype: str) -> None:
    values = pd.array([0.1, 0.2, 0.3, np.inf], dtype)
    assert result(values, check="allowed", values=[0.1, 0.2, 1e300]).first == (2, 3)


def test_allowed_times_are_compared_in_utc() -> None:
    days = pd.to_datetime(["2026-01-01", "2026-01-02", None])
    for times in (days, days.tz_localize("UTC"), days.tz_localize("UTC").tz_convert("Europe/Rome")):
        for told in ("2026-01-01", "2026-01-01T00:00Z", "2026-01-01T02:00+02:00"):
            assert result(times, check="allowed", values=[told]).first == (1,)
    with pytest.raises(BadRequest, match="'soon' is no time"):
        result(days, check="allowed", values=["soon"])


def test_the_limits_of_a_range_of_times_may_have_a_zone() -> None:
    days = pd.to_datetime(["2026-01-01", "2026-01-02"])
    for times in (days, days.tz_localize("UTC")):
        found = result(times, check="range", at_least="2026-01-01T02:00+02:00")
        assert found.ok
        assert not result(times, check="range", at_least="2026-01-01T00:00-01:00").ok


def test_times_of_mixed_offsets_are_read_as_utc() -> None:
    local = ["2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00", "2026-03-29T02:30", None]
    made = read(local, "time")
    assert str(made.dtype) == "datetime64[us]"
    assert made.dt.hour.tolist()[:3] == [0, 1, 2]
    assert (
        str(read(local[:1], "time").dtype) == str(read(local[2:], "time").dtype) == "datetime64[us]"
    )
    assert read(pd.to_datetime(local[:1]), "time").tolist() == [pd.Timestamp("2026-03-29T00:30")]
    zoned = read(local, "datetime64[us, Europe/Rome]")
    assert zoned.dt.hour.tolist()[:2] == [1, 3]


def test_numbers_are_no_times() -> None:
    for numbers in ([20240101, 20250101], [2024.5, np.nan], pd.array([2024, None], "Int64")):
        with pytest.raises(DataCheckFailed, match="in row 0"):
            read(numbers, "time")
    mixed = pd.Series(["2024-01-02", 2024], dtype=object)
    assert read(mixed, "time", "missing").tolist() == [pd.Timestamp("2024-01-02"), pd.NaT]
