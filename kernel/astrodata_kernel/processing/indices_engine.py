"""One pass over bands for any set of formulas: a small machine that works on blocks that fit the cache.

The operations of all formulas become a list of steps on registers of `_CHUNK` pixels. The machine is compiled
once and kept on disk; a new formula is a new list of steps and costs no compilation.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import carray, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from .indices_formula import Graph

_CHUNK = 512  # pixels of a register: all registers together lie in a core's own cache
_BLOCK = 1 << 18  # pixels that a thread takes at once
_ROUNDING = 32.0  # units in the last place of its terms, below which a sum of a few of them is zero
# The frequent ones first. Those with "number" take one of the program's numbers as their second operand.
_OPERATIONS = (
    *("add", "sub", "mul", "div", "ratio", "sqrt", "add number", "mul number"),
    *("number sub", "number div", "neg", "abs", "pow", "log", "exp", "min", "max"),
    *("lt", "le", "eq", "ne", "where", "store"),
)
_CODES = {name: code for code, name in enumerate(_OPERATIONS)}
(_ADD, _SUB, _MUL, _DIV, _RATIO, _SQRT, _ADD_NUMBER, _MUL_NUMBER) = range(8)
(_NUMBER_SUB, _NUMBER_DIV, _NEG, _ABS, _POW, _LOG, _EXP, _MIN, _MAX) = range(8, 17)
(_LT, _LE, _EQ, _NE, _WHERE, _STORE) = range(17, 23)

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Program:
    """Steps that make indices of bands.

    Attributes
    ----------
    bands
        Those that are read, each into the register of its place.
    fixed
        Values of the registers behind those of the bands.
    numbers
        Those that steps take without a register.
    steps
        int32, shape (steps, 5): operation, result, and up to three operands, all registers but the number,
        which is last. A result is never one of its operands, so that the compiler may take several pixels
        at once.
    registers
        How many there are.
    """

    bands: tuple[str, ...]
    fixed: tuple[float, ...]
    numbers: tuple[float, ...]
    steps: npt.NDArray[np.int32]
    registers: int


def program(graph: Graph, results: Sequence[int]) -> Program:
    """Give the steps that leave the places `results` of a graph in the outputs 0, 1, ...

    A result is stored as soon as it is known, and a register is taken again after its last use.
    """
    nodes = graph.nodes
    needed = _needed(nodes, results)
    numbers: list[float] = []
    forms = {place: _form(nodes, place, numbers) for place in needed}
    used = {operand for form in forms.values() for operand in form[1]} | set(results)
    needed = [place for place in needed if place in used]
    bands = [place for place in needed if nodes[place][0] == "band"]
    fixed = [place for place in needed if nodes[place][0] == "number"]
    home = {place: register for register, place in enumerate([*bands, *fixed])}
    first, total = len(home), len(home)
    last = {operand: place for place in needed for operand in forms[place][1]}
    stores: dict[int, list[int]] = {}
    for output, place in enumerate(results):
        stores.setdefault(place, []).append(output)
    free: list[int] = []
    steps: list[list[int]] = []
    for place in needed:
        operation, operands, number = forms[place]
        if operands:
            if free:
                home[place] = free.pop()
            else:
                home[place], total = total, total + 1
            taken = [home[operand] for operand in operands]
            step = [_CODES[operation], home[place], *taken, 0, 0, 0]
            steps.append([*step[:4], number if number is not None else step[4]])
            done = {o for o in {*operands, place} if last.get(o, place) == place}
            free.extend(home[operand] for operand in sorted(done) if home[operand] >= first)
        steps.extend([_STORE, output, home[place]] for output in stores.get(place, ()))
    table = np.zeros((len(steps), 5), np.int32)
    for row, step in zip(table, steps, strict=True):
        row[: len(step)] = step
    names = tuple(str(nodes[place][1]) for place in bands)
    values = tuple(float(nodes[place][1]) for place in fixed)
    return Program(names, values, tuple(numbers), table, total)


def _form(
    nodes: list[tuple[Any, ...]], place: int, numbers: list[float]
) -> tuple[str, tuple[int, ...], int | None]:
    """Give a node's operation, its registers, and which of the numbers it takes."""
    operation, operands = str(nodes[place][0]), _operands(nodes[place])
    if operation not in {"add", "sub", "mul", "div"}:
        return operation, operands, None
    left, right = (nodes[o][1] if nodes[o][0] == "number" else None for o in operands[:2])
    if (left is None) == (right is None) or (operation == "div" and left is None):
        return operation, operands, None
    value = float(right if left is None else left)
    others = operands[:1] if left is None else operands[1:]
    if operation == "sub" and left is None:
        operation, value = "add", -value
    operation = f"{operation} number" if operation in {"add", "mul"} else f"number {operation}"
    if value not in numbers:
        numbers.append(value)
    return operation, others, numbers.index(value)


def _operands(node: tuple[Any, ...]) -> tuple[int, ...]:
    return () if node[0] in {"band", "number"} else node[1:]


def _needed(nodes: list[tuple[Any, ...]], results: Sequence[int]) -> list[int]:
    wanted, todo = set(), list(results)
    while todo:
        place = todo.pop()
        if place not in wanted:
            wanted.add(place)
            todo.extend(_operands(nodes[place]))
    return sorted(wanted)  # operands stand before what is made of them


@dataclass(frozen=True)
class Calibration:
    """How a band's numbers become reflectance: ``(number + offset) * scale``; `nodata` becomes NaN."""

    scale: float = 1e-4
    offset: float = 0.0
    nodata: float | None = None


def run(
    todo: Program,
    bands: Mapping[str, Array],
    calibrations: Mapping[str, Calibration],
    outputs: Sequence[Array],
    workers: int | None = None,
    precision: type[np.floating[Any]] = np.float64,
) -> None:
    """Fill the outputs, block by block.

    Parameters
    ----------
    todo
        Of `program`.
    bands
        Arrays of one shape, of any real type.
    calibrations
        Of each band.
    outputs
        Writable arrays of that shape, in the order of the program's results. Beside them a thread needs less
        than 1 MB, or 20 MB where arrays are not contiguous.
    workers
        Threads; as many as there are cores by default.
    precision
        What is computed in: float64, or float32 in two thirds of the time.
    """
    arrays = [bands[name] for name in todo.bands]
    table = np.array([_told(calibrations[name]) for name in todo.bands])
    if all(_direct(a) for a in arrays) and all(_direct(o, np.float32) for o in outputs):
        arrays = [a.reshape(-1) for a in arrays]
        outputs = [o.reshape(-1) for o in outputs]
    blocks = list(_blocks(outputs[0].shape))
    local = threading.local()

    def work(where: tuple[Any, ...]) -> None:
        if not hasattr(local, "registers"):
            local.registers = _registers(todo, precision)
        _fill(todo, [a[where] for a in arrays], table, local.registers, [o[where] for o in outputs])

    count = min(workers or len(os.sched_getaffinity(0)), len(blocks))
    if count <= 1:
        for where in blocks:
            work(where)
        return
    with ThreadPoolExecutor(count) as pool:
        for _ in pool.map(work, blocks):
            pass


def _told(way: Calibration) -> tuple[float, float, float]:
    return way.scale, way.offset, np.nan if way.nodata is None else way.nodata


def _registers(todo: Program, precision: Any) -> Array:
    registers = np.zeros((todo.registers, _CHUNK), precision)
    first = len(todo.bands)
    registers[first : first + len(todo.fixed)] = np.array(todo.fixed)[:, None]
    return registers


# Numbers of the types that the loader reads where they lie; all else is converted, block by block.
_LOADED = {
    np.dtype(name): code
    for code, name in enumerate(("u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"))
}


def _direct(array: Array, dtype: Any = None) -> bool:
    known = array.dtype == dtype if dtype else array.dtype in _LOADED
    plain = known and array.flags.c_contiguous and array.flags.aligned
    return plain and not isinstance(array, np.ma.MaskedArray)


def _fill(
    todo: Program, parts: list[Array], table: Array, registers: Array, outputs: list[Array]
) -> None:
    """Fill one block. The machine gets addresses: what they belong to is held here until it is done."""
    shape = outputs[0].shape
    parts = [_plain(part) for part in parts]
    made = [o if _direct(o, np.float32) else np.empty(shape, np.float32) for o in outputs]
    if any(part.shape != shape for part in parts):
        raise ValueError("parts of different shapes")  # what is beyond them is not ours to read
    where = np.array([part.ctypes.data for part in parts], np.uint64)
    kinds = np.array([_LOADED[part.dtype] for part in parts])
    to = np.array([part.ctypes.data for part in made], np.uint64)
    rounding = _ROUNDING * np.finfo(registers.dtype).eps
    numbers = np.array([*todo.numbers, rounding], registers.dtype)
    _run(todo.steps, where, kinds, table, numbers, registers, to, outputs[0].size)
    for output, part in zip(outputs, made, strict=True):
        if part is not output:
            output[...] = part


def _plain(part: Array) -> Array:
    if isinstance(part, np.ma.MaskedArray):
        part = part.astype(np.float64).filled(np.nan)
    if part.dtype not in _LOADED:
        part = part.astype(np.float64)
    return np.require(part, requirements=["C", "A"])


def _blocks(shape: tuple[int, ...]) -> Iterator[tuple[Any, ...]]:
    """Give parts of an array of at most a block each: whole rows where they fit, parts of rows else."""
    *lead, columns = shape
    if columns > _BLOCK or not lead:
        for index in np.ndindex(*lead):
            for start in range(0, columns, _BLOCK):
                yield (*index, slice(start, start + _BLOCK))
        return
    step = max(1, _BLOCK // max(columns, 1))
    for index in np.ndindex(*lead[:-1]):
        for start in range(0, lead[-1], step):
            yield (*index, slice(start, start + step))


@intrinsic
def _address(_typing, _number):  # type: ignore[no-untyped-def]
    def code(_context, builder, _signature, arguments):  # type: ignore[no-untyped-def]
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(types.uint64), code


@njit(nogil=True, cache=True, error_model="numpy")
def _run(steps, where, kinds, table, numbers, registers, to, size):  # type: ignore[no-untyped-def]
    first, width = np.uint64(registers.ctypes.data), np.uint64(registers.strides[0])
    for start in range(0, size, _CHUNK):
        count = min(_CHUNK, size - start)
        for k in range(where.size):
            _load(
                where[k],
                kinds[k],
                start,
                count,
                registers[k],
                table[k, 0],
                table[k, 1],
                table[k, 2],
            )
        for s in range(steps.shape[0]):
            code = steps[s, 0]
            if code == _STORE:
                _keep(to[steps[s, 1]], start, count, registers[steps[s, 2]])
            else:
                _step(code, first, width, steps[s], numbers)


@njit(nogil=True, cache=True, error_model="numpy")
def _load(address, kind, start, count, row, scale, offset, nodata):  # type: ignore[no-untyped-def]
    stop = start + count
    if kind == 0:
        values = carray(_address(address), stop, np.uint8)
        _calibrate(values[start:], row, scale, offset, nodata)
    elif kind == 1:
        _calibrate(carray(_address(address), stop, np.int8)[start:], row, scale, offset, nodata)
    elif kind == 2:
        _calibrate(carray(_address(address), stop, np.uint16)[start:], row, scale, offset, nodata)
    elif kind == 3:
        _calibrate(carray(_address(address), stop, np.int16)[start:], row, scale, offset, nodata)
    elif kind == 4:
        _calibrate(carray(_address(address), stop, np.uint32)[start:], row, scale, offset, nodata)
    elif kind == 5:
        _calibrate(carray(_address(address), stop, np.int32)[start:], row, scale, offset, nodata)
    elif kind == 6:
        _calibrate(carray(_address(address), stop, np.float32)[start:], row, scale, offset, nodata)
    else:
        _calibrate(carray(_address(address), stop, np.float64)[start:], row, scale, offset, nodata)


@njit(nogil=True, cache=True, error_model="numpy")
def _calibrate(values, row, scale, offset, nodata):  # type: ignore[no-untyped-def]
    if nodata != nodata:  # there is no such number
        for i in range(values.size):
            row[i] = (values[i] + offset) * scale
    else:
        for i in range(values.size):
            row[i] = (values[i] + offset) * scale if values[i] != nodata else np.nan


@njit(nogil=True, cache=True, error_model="numpy")
def _keep(address, start, count, x):  # type: ignore[no-untyped-def]
    out = carray(_address(address), start + count, np.float32)[start:]
    for j in range(count):
        value = np.float32(x[j])
        # Infinite minus itself is NaN, a number minus itself is 0.
        out[j] = value + (value - value)


@njit(nogil=True, cache=True, error_model="numpy")
def _register(first, width, place, dtype):  # type: ignore[no-untyped-def]
    # A view of the registers would be counted, which takes as long as a step.
    return carray(_address(first + width * np.uint64(place)), _CHUNK, dtype)


@njit(nogil=True, cache=True, error_model="numpy")
def _step(code, first, width, step, numbers):  # type: ignore[no-untyped-def]
    out = _register(first, width, step[1], numbers.dtype)
    x = _register(first, width, step[2], numbers.dtype)
    y = _register(first, width, step[3], numbers.dtype)
    if _ADD_NUMBER <= code <= _NUMBER_DIV:
        _step_with_number(code, out, x, y, numbers[step[4]], numbers[numbers.size - 1])
        return
    rounding = numbers[numbers.size - 1]
    if code == _ADD:
        for j in range(_CHUNK):
            out[j] = x[j] + y[j]
    elif code == _SUB:
        for j in range(_CHUNK):
            out[j] = x[j] - y[j]
    elif code == _MUL:
        for j in range(_CHUNK):
            out[j] = x[j] * y[j]
    elif code == _DIV:
        z = _register(first, width, step[4], numbers.dtype)
        for j in range(_CHUNK):
            # Not infinite: a division by it would make a number of it again.
            out[j] = x[j] / y[j] if abs(y[j]) > rounding * abs(z[j]) else np.nan
    elif code == _RATIO:
        for j in range(_CHUNK):
            both = x[j] + y[j]
            out[j] = (x[j] - y[j]) / both if abs(both) > rounding * abs(x[j]) else np.nan
    elif code == _SQRT:
        for j in range(_CHUNK):
            out[j] = np.sqrt(x[j])
    else:
        _rare_step(code, out, x, y, _register(first, width, step[4], numbers.dtype))


@njit(nogil=True, cache=True, error_model="numpy")
def _step_with_number(code, out, x, y, number, rounding):  # type: ignore[no-untyped-def]
    if code == _ADD_NUMBER:
        for j in range(_CHUNK):
            out[j] = x[j] + number
    elif code == _MUL_NUMBER:
        for j in range(_CHUNK):
            out[j] = x[j] * number
    elif code == _NUMBER_SUB:
        for j in range(_CHUNK):
            out[j] = number - x[j]
    else:
        for j in range(_CHUNK):
            out[j] = number / x[j] if abs(x[j]) > rounding * abs(y[j]) else np.nan


@njit(nogil=True, cache=True, error_model="numpy")
def _rare_step(code, out, x, y, z):  # type: ignore[no-untyped-def]
    for j in range(_CHUNK):
        a, b = x[j], y[j]
        if code == _NEG:
            out[j] = -a
        elif code == _ABS:
            out[j] = abs(a)
        elif code == _POW:
            power = a**b
            out[j] = power + (power - power)
        elif code == _LOG:
            out[j] = np.log(a) if a > 0 else np.nan
        elif code == _EXP:
            out[j] = np.exp(a)
        elif code == _WHERE:
            out[j] = (b if a != 0 else z[j]) if a == a else np.nan
        elif a != a or b != b:
            out[j] = np.nan  # what is not known is neither less nor equal
        elif code == _MIN:
            out[j] = min(a, b)
        elif code == _MAX:
            out[j] = max(a, b)
        elif code == _LT:
            out[j] = 1.0 if a < b else 0.0
        elif code == _LE:
            out[j] = 1.0 if a <= b else 0.0
        elif code == _EQ:
            out[j] = 1.0 if a == b else 0.0
        else:
            out[j] = 1.0 if a != b else 0.0
