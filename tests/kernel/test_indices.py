import json
from collections.abc import Callable
from importlib.resources import files

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, UnknownName
from astrodata_kernel.processing import indices
from hypothesis import given, settings
from hypothesis import strategies as st

Bands = dict[str, np.ndarray]

# The published formulas once more, by hand.
FORMULAS: dict[str, Callable[..., np.ndarray]] = {
    "NDVI": lambda b: (b["B08"] - b["B04"]) / (b["B08"] + b["B04"]),
    "EVI": lambda b: 2.5 * (b["B08"] - b["B04"]) / (b["B08"] + 6 * b["B04"] - 7.5 * b["B02"] + 1),
    "OSAVI": lambda b: (b["B08"] - b["B04"]) / (b["B08"] + b["B04"] + 0.16),
    "MSAVI": lambda b: (
        (2 * b["B08"] + 1 - np.sqrt((2 * b["B08"] + 1) ** 2 - 8 * (b["B08"] - b["B04"]))) / 2
    ),
    "GNDVI": lambda b: (b["B08"] - b["B03"]) / (b["B08"] + b["B03"]),
    "NDRE": lambda b: (b["B08"] - b["B05"]) / (b["B08"] + b["B05"]),
    "ARVI": lambda b: (b["B08"] - 2 * b["B04"] + b["B02"]) / (b["B08"] + 2 * b["B04"] - b["B02"]),
    "MCARI": lambda b: ((b["B05"] - b["B04"]) - 0.2 * (b["B05"] - b["B03"])) * b["B05"] / b["B04"],
    "TCARI": lambda b: (
        3 * ((b["B05"] - b["B04"]) - 0.2 * (b["B05"] - b["B03"]) * b["B05"] / b["B04"])
    ),
    "ARI": lambda b: 1 / b["B03"] - 1 / b["B05"],
    "LCI": lambda b: (b["B08"] - b["B05"]) / (b["B08"] + b["B04"]),
    "NDMI": lambda b: (b["B08"] - b["B11"]) / (b["B08"] + b["B11"]),
    "NDWI": lambda b: (b["B03"] - b["B08"]) / (b["B03"] + b["B08"]),
    "NBR": lambda b: (b["B08"] - b["B12"]) / (b["B08"] + b["B12"]),
    "NBR2": lambda b: (b["B11"] - b["B12"]) / (b["B11"] + b["B12"]),
    "BAI": lambda b: 1 / ((0.1 - b["B04"]) ** 2 + (0.06 - b["B08"]) ** 2),
    "BAIS2": lambda b: (
        (1 - np.sqrt(b["B06"] * b["B07"] * b["B8A"] / b["B04"]))
        * ((b["B12"] - b["B8A"]) / np.sqrt(b["B12"] + b["B8A"]) + 1)
    ),
    "MIRBI": lambda b: 10 * b["B12"] - 9.8 * b["B11"] + 2,
    "GEMI": lambda b: gemi_eta(b) * (1 - 0.25 * gemi_eta(b)) - (b["B04"] - 0.125) / (1 - b["B04"]),
}


def gemi_eta(b: Bands) -> np.ndarray:
    nir, red = b["B08"], b["B04"]
    return (2 * (nir**2 - red**2) + 1.5 * nir + 0.5 * red) / (nir + red + 0.5)


def numbers(shape: tuple[int, ...] = (40, 50), low: int = 1, high: int = 12_000) -> Bands:
    rng = np.random.default_rng(7)
    return {band: rng.integers(low, high, shape).astype("u2") for band in indices.BANDS}


def same(made: np.ndarray, expected: np.ndarray, within: float = 1e-5) -> None:
    """Assert equality to 1e-5 of 1 or of the value, whichever is more, and NaN where it is none."""
    assert made.dtype == np.float32
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(np.isnan(made), ~finite)
    away = np.abs(made[finite] - expected[finite]) / np.maximum(1, np.abs(expected[finite]))
    assert away.max(initial=0) <= within


def test_there_are_nineteen_by_default_and_each_is_told_in_full() -> None:
    assert len(indices.DEFAULT) == 19
    assert set(indices.DEFAULT) == set(FORMULAS)
    told = json.loads(
        files("astrodata_kernel.processing").joinpath("indices_default.json").read_text()
    )
    for name in indices.DEFAULT:
        index = indices.find(name)
        assert list(index.bands) == told["indices"][name]["bands"]
        assert index.range is not None
        assert index.range[0] < index.range[1]
        assert "http" in index.source


@pytest.mark.parametrize(("scale", "offset"), [(1e-4, 0.0), (1e-4, -1000.0), (2e-4, 10.5)])
def test_the_default_set_equals_the_published_formulas(scale: float, offset: float) -> None:
    bands = numbers()
    with np.errstate(all="ignore"):
        reflectance = {k: (v.astype("f8") + offset) * scale for k, v in bands.items()}
        made = indices.compute(indices.DEFAULT, bands, scale, offset)
        assert tuple(made) == indices.DEFAULT
        for name, formula in FORMULAS.items():
            same(made[name], formula(reflectance))


def test_single_precision_is_as_good_where_no_denominator_vanishes() -> None:
    bands = numbers(low=300, high=5000)
    quick = indices.compute(indices.DEFAULT, bands, precision="single")
    exact = indices.compute(indices.DEFAULT, bands)
    for name in set(indices.DEFAULT) - {"EVI", "ARVI", "BAI"}:
        same(quick[name], exact[name].astype("f8"))


@pytest.mark.parametrize(
    "dtype", ["u1", "i1", "i2", "i4", "u4", "i8", "f2", "f4", "f8", ">u2", ">f4"]
)
def test_bands_of_any_type_are_read(dtype: str) -> None:
    bands = {
        b: np.arange(1, 101).reshape(10, 10).astype(dtype) + i for i, b in enumerate(["B04", "B08"])
    }
    bands = {b: v.astype(dtype) for b, v in bands.items()}
    same(
        indices.compute("NDVI", bands)["NDVI"],
        FORMULAS["NDVI"]({k: v.astype("f8") for k, v in bands.items()}),
    )


@pytest.mark.parametrize(
    "shape", [(), (1,), (511,), (513,), (3, 700), (2, 3, 4), (0, 5), (2, 300_000)]
)
def test_any_shape_is_computed_to_its_last_pixel(shape: tuple[int, ...]) -> None:
    bands = numbers(shape)
    made = indices.compute(["NDVI", "MIRBI"], bands)
    assert made["NDVI"].shape == shape
    same(made["MIRBI"], FORMULAS["MIRBI"]({k: v * 1e-4 for k, v in bands.items()}))


def test_arrays_in_another_order_are_read_and_filled() -> None:
    bands = {k: v.T[::2, ::-3] for k, v in numbers((300, 400)).items()}
    out = {"NBR": np.zeros((600, 700), "f4")[: bands["B08"].shape[0], : bands["B08"].shape[1]]}
    made = indices.compute(["NBR", "NDVI"], bands, out=out)
    assert made["NBR"] is out["NBR"]
    same(made["NBR"], FORMULAS["NBR"]({k: v * 1e-4 for k, v in bands.items()}))
    same(made["NDVI"], FORMULAS["NDVI"]({k: v * 1e-4 for k, v in bands.items()}))


def test_one_thread_and_several_agree() -> None:
    bands = numbers((1100, 600))
    one = indices.compute(indices.DEFAULT, bands, workers=1)
    several = indices.compute(indices.DEFAULT, bands, workers=3)
    for name in one:
        np.testing.assert_array_equal(one[name], several[name])


def test_zero_denominators_give_nan_and_no_warning() -> None:
    zero = {b: np.zeros((2, 2), "u2") for b in indices.BANDS}
    made = indices.compute([*indices.DEFAULT, "1 / (1 / B02)", "log(B02)", "B02 ** -1"], zero)
    assert not any(np.isinf(values).any() for values in made.values())
    for name in ("NDVI", "NBR", "ARI", "MCARI", "BAIS2", "1 / (1 / B02)", "log(B02)", "B02 ** -1"):
        assert np.isnan(made[name]).all(), name


def test_a_denominator_that_is_zero_but_for_rounding_is_zero() -> None:
    # 0.03 + 2 * 0.04 - 0.11 is 1e-17 in float64.
    bands = {"B08": np.array([300], "u2"), "B04": np.array([400]), "B02": np.array([1100])}
    for precision in ("double", "single"):
        assert np.isnan(indices.compute("ARVI", bands, precision=precision)["ARVI"]).all()
    near = bands | {"B02": np.array([1101])}
    assert indices.compute("ARVI", near)["ARVI"][0] == pytest.approx(-601, rel=1e-6)


def test_a_number_for_nodata_is_nan_only_where_it_is_asked_for() -> None:
    bands = {"B08": np.array([0, 500, 500], "u2"), "B04": np.array([500, 500, 0], "u2")}
    assert indices.compute("NDVI", bands)["NDVI"].tolist() == [-1, 0, 1]
    made = indices.compute("NDVI", bands, nodata=0)["NDVI"]
    np.testing.assert_array_equal(made, [np.nan, 0, np.nan])


def test_masked_pixels_and_nan_are_nan() -> None:
    masked = np.ma.MaskedArray([100, 200, 300], [False, True, False], dtype="u2")
    made = indices.compute("NDVI", {"B08": masked, "B04": np.array([1.0, 1.0, np.nan])})["NDVI"]
    assert np.isnan(made).tolist() == [False, True, True]
    assert not isinstance(made, np.ma.MaskedArray)


def test_scale_and_offset_may_be_told_for_each_band() -> None:
    bands = {"B08": np.array([5000], "u2"), "B04": np.array([30], "u1")}
    made = indices.compute("NDVI", bands, {"B8": 1e-4, "B04": 1e-2}, {"B08": -1000, "B04": 0})
    assert made["NDVI"][0] == pytest.approx(0.1 / 0.7)
    with pytest.raises(BadRequest, match="no scale is given for band B08"):
        indices.compute("NDVI", bands, {"B04": 1})


def test_bands_are_known_by_short_names_and_others_are_left_alone() -> None:
    made = indices.compute(
        "NDVI", {"b8": np.array([3]), "R": np.array([1]), "SCL": np.array([4, 5])}
    )
    assert made["NDVI"].tolist() == [0.5]


def catalogue() -> dict[str, object]:
    text = files("astrodata_kernel.processing").joinpath("indices_catalogue.json").read_text()
    return json.loads(text)


def test_the_catalogue_tells_its_licence_and_origin() -> None:
    told = catalogue()
    assert told["licence"][0] == "MIT License"
    assert "spyndex 0.12.0" in told["origin"]["package"]
    assert len(told["indices"]) == 245


def test_every_index_of_the_catalogue_equals_its_formula_in_numpy() -> None:
    told = catalogue()
    bands = numbers((20, 30), 300, 6000)
    letters = {letter: bands[band] * 1e-4 for letter, band in told["bands"].items()}
    # The kernels of the catalogue's names: radial, as wide as the mean of both.
    values = {**letters, **told["constants"]}
    for a in "BGRNL":
        for b in "BGRNL":
            spread = (values[a] + values[b]) / 2
            values[f"k{a}{b}"] = np.exp(-((values[a] - values[b]) ** 2) / (2 * spread**2))
    for name, entry in told["indices"].items():
        if name == "NIRvP":  # asks for the radiation of the day
            with pytest.raises(BadRequest, match="PAR"):
                indices.compute("NIRvP", bands)
            continue
        known = {**values, **told["of_index"].get(name, {})}
        with np.errstate(all="ignore"):
            expected = np.broadcast_to(eval(entry["formula"], {}, known), (20, 30))
        index = indices.Index(
            name, entry["formula"], constants=tuple(told["of_index"].get(name, {}).items())
        )
        same(indices.compute(index, bands)[name], expected)


def test_the_soil_constant_of_savi_is_its_authors_and_can_be_chosen() -> None:
    bands = numbers((5,))
    n, r = bands["B08"] * 1e-4, bands["B04"] * 1e-4
    same(indices.compute("SAVI", bands)["SAVI"], 1.5 * (n - r) / (n + r + 0.5))
    same(
        indices.compute("SAVI", bands, constants={"L": 0.2})["SAVI"], 1.2 * (n - r) / (n + r + 0.2)
    )


def test_a_name_that_is_none_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="NDVI"):
        indices.compute("NDVJ", numbers((2,)))


def test_a_band_that_is_missing_is_told_with_the_index_that_needs_it() -> None:
    bands = numbers((2,))
    del bands["B12"]
    with pytest.raises(BadRequest, match="band B12 is missing for NBR, BAIS2:"):
        indices.compute(["NDVI", "NBR", "BAIS2"], bands)


def test_bands_of_different_sizes_are_refused() -> None:
    with pytest.raises(BadRequest, match="one grid"):
        indices.compute("NDVI", {"B08": np.zeros((4, 4)), "B04": np.zeros((2, 2))})


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_formulas_of_all_operations_equal_numpy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bands = {b: rng.uniform(-1, 2, 60) for b in ("B02", "B03", "B04")}
    text = (
        "where(B02 > B03, sqrt(abs(B04)), -exp(B02) * min(B02, B03, B04) ** 3)"
        " + max(B03, 0.5) * (B02 <= B04) - log(B03 ** 2 + 1) / (2 - B04) + (0 < B02 < 1) + abs(B02) ** 1.5"
    )
    a, b, c = bands.values()
    expected = (
        np.where(a > b, np.sqrt(np.abs(c)), -np.exp(a) * np.minimum(np.minimum(a, b), c) ** 3)
        + np.maximum(b, 0.5) * (a <= c)
        - np.log(b**2 + 1) / (2 - c)
        + ((a > 0) & (a < 1))
        + np.abs(a) ** 1.5
    )
    same(indices.compute({"mine": text}, bands, scale=1)["mine"], expected)


def test_what_is_not_known_is_neither_more_nor_less() -> None:
    bands = {"B02": np.array([np.nan, 1.0]), "B03": np.array([0.0, 0.0])}
    made = indices.compute(
        {"a": "B02 > B03", "b": "where(B02 > B03, 1, 2)", "c": "max(B02, B03)"}, bands, 1
    )
    for values in made.values():
        np.testing.assert_array_equal(values, [np.nan, 1])


def test_a_formula_may_stand_in_the_place_of_a_name() -> None:
    bands = numbers((4,))
    made = indices.compute(["NBR", "(B08 - B12) / (B08 + B12)"], bands)
    first, second = made.values()
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "empty"),
        ("B08 + foo", "character 7: foo is no band"),
        ("(B08 - B04", "character 1"),
        ("B08 - __import__('os').system('true')", "character 7"),
        ("B08.real", "character 1"),
        ("B08[0]", "character 1"),
        ("1 + open(B08)", "character 5: open is no function"),
        ("B08 + sqrt(B04, B03)", "character 7: sqrt takes 1 arguments, not 2"),
        ("min(B08)", "min takes 2 or more"),
        ("B08 / (1 - 1)", "no result"),
        ("9 ** 9 ** 9 ** 9 * B08", "no result"),
        ("B08 * 1e999", "character 7: this number is too large"),
        ("(-8) ** 0.5 * B08", "no result"),
        ("[B08]", "character 1"),
        ("B08 if B04 else 1", "character 1"),
        ("lambda: B08", "character 1"),
        ("'B08'", "character 1"),
        ("True * B08", "character 1"),
        ("1j * B08", "character 1"),
        ("B08 in B04", "compare by"),
        ("B08 × B04", "character 5"),
        ("-" * 1500 + "B08", "flatter|cannot be read"),
        ("(" * 1500 + "B08" + ")" * 400, "character"),
        ("B08" + " + B08" * 400, "characters"),
        ("12", "takes no band"),
    ],
)
def test_what_is_no_formula_is_refused_with_its_place(text: str, where: str) -> None:
    with pytest.raises(BadRequest, match=where):
        indices.compute({"mine": text}, numbers((2,)))


def test_powers_of_powers_stay_small() -> None:
    deep = "B08"
    for _ in range(60):
        deep = f"({deep})**2"
    assert indices.compute({"mine": deep}, {"B08": np.ones(3)}, 1)["mine"].tolist() == [1, 1, 1]


def test_dask_gives_the_same_lazily() -> None:
    dask = pytest.importorskip("dask")
    array = pytest.importorskip("dask.array")
    bands = numbers((2, 30, 40))
    lazy = {
        k: array.from_array(v, chunks=(1, 20, 15 + i)) for i, (k, v) in enumerate(bands.items())
    }
    made = indices.compute(indices.DEFAULT, lazy)
    assert all(isinstance(values, array.Array) for values in made.values())
    assert made["NBR"].dtype == np.float32
    for name, values in dask.compute(made, scheduler="threads")[0].items():
        np.testing.assert_array_equal(values, indices.compute(name, bands)[name])


def test_xarray_keeps_coordinates() -> None:
    xarray = pytest.importorskip("xarray")
    coords = {"y": [30.0, 20.0, 10.0], "x": [1.0, 2.0], "time": 5}
    plain = numbers((3, 2))
    bands = {k: xarray.DataArray(v, coords, ("y", "x"), k) for k, v in plain.items()}
    made = indices.compute(["NBR", "NDVI"], bands)
    assert made["NBR"].dims == ("y", "x")
    assert made["NBR"].name == "NBR"
    assert made["NBR"].attrs["long_name"] == "Normalized Burn Ratio"
    np.testing.assert_array_equal(made["NBR"]["y"], coords["y"])
    assert int(made["NBR"]["time"]) == 5
    np.testing.assert_array_equal(made["NDVI"], indices.compute("NDVI", plain)["NDVI"])
    moved = bands | {"B08": bands["B08"].assign_coords(x=[2.0, 3.0])}
    with pytest.raises(BadRequest, match="other x coordinates"):
        indices.compute("NDVI", moved)
