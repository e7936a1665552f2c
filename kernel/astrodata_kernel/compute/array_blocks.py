"""Running a function over the blocks of a Dask array of any number of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import accumulate, product
from typing import Any

from ..errors import BadRequest
from .parts import client_for, each

_TOGETHER = 64
"""Blocks whose part of the graph is cut out at once, at most."""
_BYTES = 8_000_000
"""Of blocks that are taken together."""
_HELD = 64_000_000
"""Bytes of data within a graph, above which it is not sent to workers."""


def each_block(
    function: Callable[[Any], Any] | None, array: Any, **options: Any
) -> Iterator[tuple[tuple[slice, ...], Any]]:
    """Give what a function makes of each block of a Dask array, in the order of the blocks.

    The scheduler never sees the array's graph: each worker gets its declaration once and makes the part of
    some blocks when it comes to them, so that an array of 100,000 blocks starts at once and takes the
    memory of a few. Meant for arrays whose blocks do not depend on one another: what several blocks need is
    computed for each of them.

    Parameters
    ----------
    function
        Called with a block as a NumPy array; None gives the blocks themselves.
    array
        A Dask array of known chunks, opened from files rather than made of an array in memory.
    **options
        ``cluster``, ``progress``, ``cancelled``, ``retries`` and ``most_at_once`` of `each`; the last one
        counts groups of blocks.

    Returns
    -------
    iterator
        Of pairs: the slices where the block lies in the array, and the result.

    Raises
    ------
    BadRequest
        No Dask array, one of unknown chunks, or one that carries its data within.

    >>> import dask.array
    >>> [float(top) for _, top in each_block(lambda b: b.max(), dask.array.arange(6, chunks=3))]
    [2.0, 5.0]
    """
    if type(array).__module__.partition(".")[0] != "dask" or not hasattr(array, "chunks"):
        raise BadRequest(f"{type(array).__name__} is no Dask array: make one with dask.array")
    if any(math.isnan(n) for axis in array.chunks for n in axis):
        raise BadRequest(
            "the array's chunks have unknown sizes: call its compute_chunk_sizes() first"
        )
    blocks = _Blocks(function, array)
    if client_for(options.get("cluster")) is not None:
        _check_held(array.__dask_graph__())
    return _run(blocks, array, options)


def _run(
    blocks: _Blocks, array: Any, options: dict[str, Any]
) -> Iterator[tuple[tuple[slice, ...], Any]]:
    where = _places(array)
    for results in each(blocks, _Groups(blocks.count, _together(array)), **options):
        for result in results:
            yield next(where), result


class _Groups:
    """Numbers of blocks that are taken together, from and to."""

    def __init__(self, count: int, together: int) -> None:
        self._count, self._together = count, together

    def __len__(self) -> int:
        return -(-self._count // self._together)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        for start in range(0, self._count, self._together):
            yield start, min(start + self._together, self._count)


class _Blocks:
    """Makes blocks by their numbers. It holds the graph as it was declared, which is small.

    A worker gets it once and cuts out what some blocks need itself.
    """

    def __init__(self, function: Callable[[Any], Any] | None, array: Any) -> None:
        self._function = function
        self._name, self._shape = array.name, array.numblocks
        self._graph = array.__dask_graph__()
        self.count = math.prod(self._shape)

    def __call__(self, numbers: tuple[int, int]) -> list[Any]:
        from dask.core import get

        keys = [(self._name, *_position(number, self._shape)) for number in range(*numbers)]
        graph = dict(self._graph.cull(set(keys)))
        made = []
        for key in keys:
            # One at a time: a worker's memory holds one block with what it is made of. Dask's schedulers
            # would look at all of the graph each time.
            (block,) = get(_needed(graph, key), [key])
            made.append(block if self._function is None else self._function(block))
        return made


def _together(array: Any) -> int:
    largest = array.dtype.itemsize * math.prod(max(axis, default=1) for axis in array.chunks)
    return max(1, min(_TOGETHER, _BYTES // max(1, largest)))


def _position(number: int, shape: tuple[int, ...]) -> list[int]:
    found = []
    for length in reversed(shape):
        number, here = divmod(number, length)
        found.append(here)
    return found[::-1]


def _check_held(graph: Any) -> None:
    from dask.sizeof import sizeof

    held = 0
    for layer in graph.layers.values():
        if layer.is_materialized():
            for task in layer.mapping.values():
                held += sizeof(getattr(task, "value", task))
    if held > _HELD:
        raise BadRequest(
            f"the array carries {held / 1e6:,.0f} MB of data within its graph, which would travel to each "
            'worker: open it from its file instead, or use cluster("none")'
        )


def _places(array: Any) -> Iterator[tuple[slice, ...]]:
    edges = [
        [slice(end - size, end) for size, end in zip(axis, accumulate(axis), strict=True)]
        for axis in array.chunks
    ]
    return product(*edges)


def _needed(graph: dict[Any, Any], key: Any) -> dict[Any, Any]:
    from dask.core import get_dependencies

    found: dict[Any, Any] = {}
    waiting = [key]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found[one] = graph[one]
            waiting.extend(get_dependencies(graph, one))
    return found
