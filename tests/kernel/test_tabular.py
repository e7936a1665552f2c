"""Tables made ready for a model: what is learnt, what is refused, and that nothing given is changed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.errors import (
    BadRequest,
    DamagedFile,
    UnknownName,
    UnsupportedFormat,
)
from astrodata_kernel.processing.tabular import (
    MissingValues,
    OneHot,
    Standardise,
    drop_duplicates,
    fill_missing,
    split_table,
    table_of,
)

TABLES = Path(__file__).parents[2] / "examples" / "data" / "tables"


@pytest.fixture
def night() -> pd.DataFrame:
    """Give a small table of all kinds of columns, its index no range."""
    table = pd.DataFrame(
        {
            "flux": [1.0, np.nan, 3.0, 3.0],
            "count": pd.array([4, None, 7, 7], "Int64"),
            "band": ["g", None, "r", "r"],
            "good": [True, False, True, True],
            "at": pd.to_datetime(["2024-01-01", "2024-01-02", None, None]),
        },
        index=[10, 20, 30, 40],
    )
    table.attrs["units"] = {"flux": "mJy"}
    return table


def test_the_first_of_equal_rows_stays_with_its_index(night: pd.DataFrame) -> None:
    before = night.copy()
    assert drop_duplicates(night).index.tolist() == [10, 20, 30]
    assert drop_duplicates(night, "good").index.tolist() == [10, 20]
    pd.testing.assert_frame_equal(night, before)
    with pytest.raises(UnknownName, match="flux"):
        drop_duplicates(night, "fluxx")
    with pytest.raises(BadRequest, match="'shape' holds lists"):
        drop_duplicates(night.assign(shape=[[1], [2], [1], [2]]))


def test_missing_values_are_filled_by_what_the_training_part_tells(night: pd.DataFrame) -> None:
    before = night.copy()
    how = {"flux": "mean", "count": "median", "band": "most_frequent", "at": "most_frequent"}
    learnt = MissingValues.fit(night, how)
    held = pd.DataFrame(
        {"flux": [np.nan], "count": pd.array([None], "Int64"), "band": [None], "at": [pd.NaT]},
        index=[99],
    )
    made = learnt.transform(held)
    assert made["flux"].item() == pytest.approx(7 / 3)
    assert made["count"].item() == 7
    assert made["band"].item() == "r"
    assert made["at"].item() == pd.Timestamp("2024-01-01")  # the least of two as frequent
    assert made.index.tolist() == [99]
    pd.testing.assert_frame_equal(night, before)
    assert learnt.transform(night).attrs == night.attrs
    again = MissingValues.from_json(learnt.to_json())
    pd.testing.assert_frame_equal(again.transform(held), made)


def test_a_mean_between_whole_numbers_is_not_rounded() -> None:
    table = pd.DataFrame({"count": pd.array([1, 2, None], "Int64")})
    assert fill_missing(table, "mean")["count"].tolist() == [1, 2, 1.5]


def test_rows_are_dropped_and_constants_set_by_column(night: pd.DataFrame) -> None:
    learnt = MissingValues.fit(night, {"band": "drop", "flux": "constant"}, value={"flux": -1})
    assert learnt.transform(night).index.tolist() == [10, 30, 40]
    assert fill_missing(night, "constant", "flux", -1)["flux"].tolist() == [1, -1, 3, 3]


@pytest.mark.parametrize(
    ("how", "columns", "text"),
    [
        ("median", "band", "'band' holds text, in row 10 'g'"),
        ("mean", "at", "'at' holds dates, in row 10"),
        ("average", "flux", "there are mean, median"),
        ("constant", "flux", "give value="),
    ],
)
def test_a_fill_that_cannot_be_names_column_and_row(
    night: pd.DataFrame, how: str, columns: str, text: str
) -> None:
    with pytest.raises(BadRequest, match=text):
        MissingValues.fit(night, how, columns)


def test_a_column_without_any_value_has_no_fill() -> None:
    with pytest.raises(BadRequest, match="'empty' has no value at all"):
        MissingValues.fit(pd.DataFrame({"empty": [np.nan, np.nan]}), "mean")


def test_categories_become_columns_where_they_stood(night: pd.DataFrame) -> None:
    table = night.dropna(subset="band")
    learnt = OneHot.fit(table)
    made = learnt.transform(table)
    assert list(made.columns) == ["flux", "count", "band=g", "band=r", "good", "at"]
    assert made["band=r"].tolist() == [0, 1, 1]
    assert made.index.tolist() == [10, 30, 40]
    assert made.attrs == table.attrs
    assert OneHot.from_json(learnt.to_json()) == learnt
    assert learnt.names == ["band=g", "band=r"]


def test_an_unknown_category_is_an_error_or_a_row_of_zeros() -> None:
    train, test = pd.DataFrame({"band": ["g", "r"]}), pd.DataFrame({"band": ["r", "z", None]})
    with pytest.raises(
        BadRequest, match="'band' misses a value in 1 of 3 rows, the first is row 2"
    ):
        OneHot.fit(train).transform(test)
    with pytest.raises(BadRequest, match="'band' has 'z' in row 1"):
        OneHot.fit(train).transform(test[:2])
    assert OneHot.fit(train, unknown="ignore").transform(test).to_numpy().tolist() == [
        [0, 1],
        [0, 0],
        [0, 0],
    ]


def test_what_is_no_category_is_refused(night: pd.DataFrame) -> None:
    with pytest.raises(BadRequest, match="'at' holds dates, in row 10"):
        OneHot.fit(night, "at")
    with pytest.raises(BadRequest, match=r"'x' holds 0.5 in row 1"):
        OneHot.fit(pd.DataFrame({"x": [1.0, 0.5]}), "x")
    with pytest.raises(BadRequest, match="1,001 different values"):
        OneHot.fit(pd.DataFrame({"id": range(1001)}), "id")
    with pytest.raises(BadRequest, match="a second 'a=1'"):
        OneHot.fit(pd.DataFrame({"a": ["1"]})).transform(pd.DataFrame({"a": ["1"], "a=1": [0]}))


def test_whole_numbers_as_categories_stay_numbers_in_json() -> None:
    learnt = OneHot.fit(pd.DataFrame({"detector": [3, 1]}), "detector")
    again = OneHot.from_json(learnt.to_json())
    assert again.transform(pd.DataFrame({"detector": [3]})).to_dict("list") == {
        "detector=1": [0],
        "detector=3": [1],
    }


@pytest.mark.parametrize("how", ["mean_std", "robust"])
def test_columns_are_scaled_as_scikit_learn_does(how: str) -> None:
    from sklearn.preprocessing import RobustScaler, StandardScaler

    table = table_of(TABLES / "cardio.npz")
    train, test = table[:1000], table[1000:]
    theirs = {"mean_std": StandardScaler, "robust": RobustScaler}[how]()
    names = [name for name in table.columns if name != "y"]
    wanted = theirs.fit(train[names].to_numpy()).transform(test[names].to_numpy())
    learnt = Standardise.from_json(Standardise.fit(train, how=how, but="y").to_json())
    made = learnt.transform(test)
    np.testing.assert_allclose(made[names].to_numpy(), wanted, rtol=1e-12, atol=1e-12)
    assert made["y"].tolist() == test["y"].tolist()
    np.testing.assert_allclose(learnt.inverse(made).to_numpy(float), test.to_numpy(float))
    assert made.index.equals(test.index)


def test_missing_values_stay_missing_and_one_value_has_no_spread(night: pd.DataFrame) -> None:
    made = Standardise.fit(night).transform(night)
    assert made["flux"].isna().tolist() == [False, True, False, False]
    assert made["good"].tolist() == night["good"].tolist()
    assert Standardise.fit(pd.DataFrame({"x": [0.1] * 10})).spreads == {"x": 1.0}


def test_a_scale_of_text_or_infinite_numbers_names_column_and_row(night: pd.DataFrame) -> None:
    with pytest.raises(BadRequest, match="'band' holds text, in row 10 'g'"):
        Standardise.fit(night, "band")
    with pytest.raises(BadRequest, match="'x' is infinite in 1 rows, the first is row 1"):
        Standardise.fit(pd.DataFrame({"x": [1.0, np.inf]}))
    mixed = pd.DataFrame({"x": [1.0, "about 2", 3.0]}, dtype=object)
    with pytest.raises(BadRequest, match="in row 1 'about 2'"):
        Standardise.fit(mixed, "x")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"astrodata": "one-hot", "format": 2}',
        '{"astrodata": "standardise", "format": 1, "how": "robust", "centres": {"x": 0}, '
        '"spreads": {"x": 0}}',
        '{"astrodata": "standardise", "format": 1, "how": "robust", "centres": 3, "spreads": {}}',
        '{"astrodata": "missing-values", "format": 1, "ways": {}, "fills": {"x": 1}}',
        '{"astrodata": "one-hot", "format": 1, "categories": {"x": [[]]}, "unknown": "error"}',
    ],
)
def test_json_of_something_else_is_damaged(text: str) -> None:
    for cls in (OneHot, Standardise, MissingValues):
        with pytest.raises(DamagedFile):
            cls.from_json(text)


def test_parts_have_exact_sizes_and_every_row_once() -> None:
    table = pd.DataFrame({"x": np.arange(1831)}, index=np.arange(1831) * 2)
    parts = split_table(table, seed=4)
    assert [len(part) for part in parts] == [1282, 274, 275]
    assert sorted(np.concatenate([part["x"] for part in parts])) == list(range(1831))
    assert all(part.index.is_monotonic_increasing for part in parts)
    again, other = split_table(table, seed=4), split_table(table, seed=5)
    assert again.train.equals(parts.train)
    assert not other.train.equals(parts.train)
    two = split_table(table, sizes=(0.8, 0.2))
    assert [len(part) for part in two] == [1465, 0, 366]


def test_a_stratified_part_has_the_share_of_each_class_but_for_a_row() -> None:
    table = table_of(TABLES / "cardio.npz")
    parts = split_table(table, "y", stratify=True, seed=1)
    assert [len(part) for part in parts] == [1282, 274, 275]
    assert len(table) == 1831
    for part, size in zip(parts, (1282, 274, 275), strict=True):
        assert abs((part["y"] == 1).sum() - 176 * size / 1831) <= 1
    assert pd.concat(parts).sort_index().equals(table)


def test_no_group_is_in_two_parts() -> None:
    table = pd.DataFrame({"night": np.repeat(np.arange(20), 7), "x": range(140)})
    parts = split_table(table, group="night", seed=2)
    nights = [set(part["night"]) for part in parts]
    assert [len(each) for each in nights] == [14, 3, 3]
    assert len(set.union(*nights)) == 20


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"sizes": (0.7, 0.2)}, "add up to 1"),
        ({"sizes": (0, 0.5, 0.5)}, "add up to 1"),
        ({"stratify": True}, "give target="),
        ({"stratify": "y", "group": "x"}, "not both"),
        ({"target": "gap"}, "'gap' misses a value in 1 of 6 rows, the first is row 5"),
        ({"stratify": "y"}, "'y' has 1 in 2 rows, too few"),
        ({"group": "y"}, "2 events cannot be divided into 3"),
    ],
)
def test_a_division_that_cannot_be_says_why(arguments: dict, text: str) -> None:
    table = pd.DataFrame({"x": range(6), "y": [0, 0, 0, 0, 1, 1], "gap": [1.0] * 5 + [np.nan]})
    with pytest.raises(BadRequest, match=text):
        split_table(table, **arguments)


def test_arrays_of_an_npz_become_columns() -> None:
    table = table_of(TABLES / "cardio.npz")
    with np.load(TABLES / "cardio.npz") as kept:
        np.testing.assert_array_equal(table.drop(columns="y").to_numpy(), kept["X"])
        np.testing.assert_array_equal(table["y"], kept["y"])
    assert table.columns[0] == "X_0"
    assert table.shape == (1831, 22)


def test_a_fits_table_keeps_units_and_all_digits() -> None:
    from astropy.io import fits

    table = table_of(TABLES / "gaia_cone.fits")
    with fits.open(TABLES / "gaia_cone.fits") as hdus:
        held = hdus[1].data
        assert table["source_id"].tolist() == held["source_id"].tolist()
        np.testing.assert_array_equal(table["radial_velocity"], held["radial_velocity"])
    assert table.attrs["units"]["pmra"] == "mas yr-1"
    assert all(dtype.byteorder in "=|" for dtype in table.dtypes)
    some = table_of(TABLES / "gaia_cone.fits", columns=["dec", "ra"])
    assert list(some.columns) == ["dec", "ra"]
    with pytest.raises(UnknownName, match="parallax"):
        table_of(TABLES / "gaia_cone.fits", columns="paralax")


def test_vectors_and_blanks_of_a_fits_table(tmp_path: Path) -> None:
    from astropy.io import fits

    columns = [
        fits.Column("FLUX", "3E", unit="Jy", array=np.arange(6, dtype=">f4").reshape(2, 3)),
        fits.Column("ID", "K", null=-1, array=np.array([2**60 + 1, -1])),
        fits.Column("NAME", "4A", array=["a", "bb"]),
    ]
    path = tmp_path / "made.fits"
    fits.BinTableHDU.from_columns(columns).writeto(path)
    table = table_of(path)
    assert list(table.columns) == ["FLUX_0", "FLUX_1", "FLUX_2", "ID", "NAME"]
    assert table["ID"].tolist() == [2**60 + 1, pd.NA]
    assert table["NAME"].tolist() == ["a", "bb"]
    assert table.attrs["units"] == {"FLUX_0": "Jy", "FLUX_1": "Jy", "FLUX_2": "Jy"}
    with pytest.raises(BadRequest, match="'FLUX' has"):
        table_of(path, vectors="refuse")


def test_lists_of_different_lengths_are_refused_by_name(tmp_path: Path) -> None:
    from astropy.io import fits

    ragged = np.array([np.arange(2.0), np.arange(3.0)], dtype=object)
    columns = [fits.Column("HITS", "PD()", array=ragged), fits.Column("X", "D", array=[1.0, 2])]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "ragged.fits")
    with pytest.raises(UnsupportedFormat, match=r"'HITS' .* columns=\['X'\]"):
        table_of(tmp_path / "ragged.fits")
    assert table_of(tmp_path / "ragged.fits", columns="X")["X"].tolist() == [1, 2]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_text_and_parquet_come_with_their_gaps(
    night: pd.DataFrame, tmp_path: Path, form: str
) -> None:
    path = tmp_path / f"night.{form}"
    getattr(night, f"to_{form}")(path, index=False)
    table = table_of(path)
    assert list(table.columns) == list(night.columns)
    assert table["count"].tolist() == [4, pd.NA, 7, 7]
    assert table["flux"].isna().tolist() == [False, True, False, False]
    assert table["band"].isna().tolist()[1]
    assert table["at"].dtype.kind == "M"
    assert table["good"].tolist() == night["good"].tolist()


def test_a_picture_is_no_table(data: Path) -> None:
    with pytest.raises(UnsupportedFormat, match="holds no table but"):
        table_of(data.parents[1] / "examples" / "data" / "m13.fits")


def test_arrays_of_different_lengths_are_no_table(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X=np.zeros((3, 2)), y=np.zeros(4))
    with pytest.raises(UnsupportedFormat, match="arrays of one length"):
        table_of(tmp_path / "a.npz")
