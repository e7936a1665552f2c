import numpy as np
import pytest
from astrodata_kernel.wire import DTYPES, Reply, decode, encode, wire_dtype
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

ON_THE_WIRE = {
    "bool": "u1",
    "u1": "u1",
    "i1": "i2",
    ">i2": "i2",
    ">u2": "u2",
    ">i4": "i4",
    "<u4": "u4",
    "i8": "f4",
    "u8": "f4",
    "f2": "f4",
    ">f4": "f4",
    ">f8": "f4",
}


@pytest.mark.parametrize(("dtype", "name"), ON_THE_WIRE.items())
def test_each_dtype_of_a_file_has_its_place_on_the_wire(dtype: str, name: str) -> None:
    assert wire_dtype(np.dtype(dtype)) == name


@pytest.mark.parametrize("dtype", ["U3", "c8", "O", "M8[s]"])
def test_values_that_are_no_numbers_are_refused(dtype: str) -> None:
    with pytest.raises(TypeError, match="give numbers"):
        wire_dtype(np.dtype(dtype))


@given(
    hnp.arrays(
        st.sampled_from([f"{order}{name}" for name in DTYPES for order in "<>"]),
        hnp.array_shapes(min_dims=2, max_dims=3, max_side=7),
    )
)
def test_what_is_encoded_comes_back_whatever_the_byte_order(array: np.ndarray) -> None:
    meta, buffer = encode(array)
    back = decode(meta, buffer)
    assert back.shape == (array.shape if array.ndim == 3 else (1, *array.shape))
    np.testing.assert_array_equal(back.reshape(array.shape), array)


def test_a_strided_view_is_sent_as_what_it_shows() -> None:
    meta, buffer = encode(np.arange(24, dtype="i4").reshape(4, 6)[::2, ::-3])
    np.testing.assert_array_equal(decode(meta, buffer)[0], [[5, 2], [17, 14]])


def test_nan_survives_and_what_float32_cannot_hold_becomes_infinite() -> None:
    meta, buffer = encode(np.array([[np.nan, 1e300, -1e300, 1e-18]]))
    np.testing.assert_array_equal(
        decode(meta, buffer)[0, 0], np.array([np.nan, np.inf, -np.inf, 1e-18], dtype="f4")
    )


def test_a_buffer_of_another_length_is_refused() -> None:
    meta, buffer = encode(np.zeros((2, 2), "u2"))
    with pytest.raises(ValueError, match="needs 8 bytes, 6 came"):
        decode(meta, buffer[:6])


def test_a_dtype_outside_the_set_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown dtype 'f8'"):
        decode({"shape": [1], "dtype": "f8"}, bytes(8))


def test_a_reply_gives_its_buffer_as_an_array() -> None:
    meta, buffer = encode(np.arange(3, dtype=">u2").reshape(1, 3))
    np.testing.assert_array_equal(Reply(meta, [buffer]).array(), [[[0, 1, 2]]])
