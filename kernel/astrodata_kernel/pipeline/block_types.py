"""Blocks: what a step of a pipeline does, told by its inputs, outputs, parameters and version."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, get_type_hints

from ..errors import BadRequest, StepFailed
from .parameters import REQUIRED, Parameter
from .working import Work

STAGES = ("ingest", "process", "train", "evaluate", "visualise")


TAKEN = ("name", "block", "from_", "cache", "where")
"""Arguments of `Pipeline.add`, which no parameter of a block is called."""


@dataclass(frozen=True)
class Port:
    """An input of a block.

    Parameters
    ----------
    name
        Of the argument.
    optional
        Whether it may stay without a value.
    many
        Whether it takes any number of values.
    default
        What the function takes where there is none.
    """

    name: str
    optional: bool = False
    many: bool = False
    default: Any = None


@dataclass(frozen=True, eq=False)
class Block:
    """A function with what a pipeline must know of it; calling it calls the function.

    Parameters
    ----------
    name
        By which it is found.
    function
        Its positional parameters are inputs, its keyword-only ones parameters; one called ``work`` is given
        the `Work` of the step.
    outputs
        Names of what it gives.
    version
        To be raised when the same inputs shall give something else.
    summary
        A sentence about it.
    helpers
        Functions of installed packages whose code counts as its own.
    cache
        False where what it makes depends on more than its key says: it is done at each run.
    holds
        Told parameters, outputs and `Work` of a result that is kept: False has it made anew, as where a file
        that the block wrote is gone.
    """

    stage: ClassVar[str] = "process"

    name: str
    function: Callable[..., Any]
    outputs: tuple[str, ...]
    version: str = "1"
    summary: str = ""
    helpers: tuple[Callable[..., Any], ...] = field(default=(), repr=False)
    cache: bool = True
    holds: Callable[[Mapping[str, Any], Mapping[str, Any], Work], bool] | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        inputs = ", ".join(port.name for port in self.inputs)
        return f"<{type(self).__name__} {self.name} {self.version}: {inputs} -> {', '.join(self.outputs)}>"

    @cached_property
    def _arguments(self) -> tuple[tuple[Port, ...], dict[str, Parameter], bool]:
        signature = inspect.signature(self.function)
        try:
            hints = get_type_hints(self.function, include_extras=True)
        except NameError as error:
            raise BadRequest(
                f"block {self.name}: the annotation of one of its parameters is not known ({error})"
            ) from None
        ports, parameters, working = [], {}, False
        for argument in signature.parameters.values():
            name = argument.name
            default = REQUIRED if argument.default is argument.empty else argument.default
            if argument.kind is argument.VAR_POSITIONAL:
                ports.append(Port(name, optional=True, many=True))
            elif argument.kind is argument.KEYWORD_ONLY and name == "work":
                working = True
            elif argument.kind is argument.KEYWORD_ONLY and name in TAKEN:
                raise BadRequest(
                    f"block {self.name}: a parameter cannot be called {name!r}, which `Pipeline.add` takes"
                )
            elif argument.kind is argument.KEYWORD_ONLY:
                parameters[name] = Parameter(name, hints.get(name, Any), default)
            elif argument.kind is argument.VAR_KEYWORD:
                raise BadRequest(
                    f"block {self.name}: **{name} cannot be checked; name each parameter, or take a "
                    "mapping as one"
                )
            else:
                optional = default is not REQUIRED
                ports.append(Port(name, optional, default=default if optional else None))
        return tuple(ports), parameters, working

    @property
    def inputs(self) -> tuple[Port, ...]:
        """What it takes from other steps."""
        return self._arguments[0]

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """What can be chosen."""
        return self._arguments[1]

    @property
    def code(self) -> str:
        """Hash of the code, ``"sha256:…"``: of the function and all that it uses, as it is loaded now."""
        from .code_hash import code_hash

        return code_hash(self.function, *self.helpers)

    def run(
        self, inputs: Mapping[str, Any], parameters: Mapping[str, Any], work: Work
    ) -> dict[str, Any]:
        """Do the work, and give the outputs by name.

        Raises
        ------
        StepFailed
            It gave something else than its outputs.
        """
        args: list[Any] = []
        for port in self.inputs:
            if port.many:
                args.extend(inputs.get(port.name, ()))
            elif port.name in inputs:
                args.append(inputs[port.name])
            else:
                args.append(port.default)
        given = {**parameters, "work": work} if self._arguments[2] else dict(parameters)
        return self._named(self.function(*args, **given))

    def _named(self, made: Any) -> dict[str, Any]:
        names = self.outputs
        if isinstance(made, Mapping) and len(names) > 1 and set(made) == set(names):
            return {name: made[name] for name in names}
        if len(names) == 1:
            return {names[0]: made}
        if isinstance(made, tuple) and len(made) == len(names):
            return dict(zip(names, made, strict=True))
        if not names and made is None:
            return {}
        raise StepFailed(
            f"block {self.name} gave {type(made).__name__} where {len(names)} outputs are declared "
            f"({', '.join(names)}): give them as a tuple, or as a mapping with these names"
        )


class Ingest(Block):
    """Reads raw data: its parameters name files, and it takes nothing from other steps."""

    stage: ClassVar[str] = "ingest"


class Process(Block):
    """Makes data of data."""

    stage: ClassVar[str] = "process"


class Train(Block):
    """Makes models of data; its runs are kept in MLflow."""

    stage: ClassVar[str] = "train"


class Evaluate(Block):
    """Makes numbers of models and data; what it tells is kept in MLflow."""

    stage: ClassVar[str] = "evaluate"


class Visualise(Block):
    """Makes pictures, pages and reports."""

    stage: ClassVar[str] = "visualise"


_TYPES: dict[str, type[Block]] = {
    one.stage: one for one in (Ingest, Process, Train, Evaluate, Visualise)
}


def block(
    function: Callable[..., Any] | None = None,
    *,
    stage: str = "process",
    outputs: Sequence[str] = ("value",),
    name: str | None = None,
    version: str = "1",
    helpers: Sequence[Callable[..., Any]] = (),
    cache: bool = True,
    holds: Callable[[Mapping[str, Any], Mapping[str, Any], Work], bool] | None = None,
) -> Any:
    """Make a block of a function: ``@block``, or ``@block(stage="train", outputs=("model",))``.

    Parameters
    ----------
    function
        Its positional parameters are inputs, its keyword-only ones parameters, whose annotations are kept.
        One that names raw data is annotated as `File`: its bytes are hashed then, and stand in the lineage.
    stage
        ``"ingest"``, ``"process"``, ``"train"``, ``"evaluate"`` or ``"visualise"``.
    outputs
        Names of what it gives.
    name
        By which it is found; the function's own by default.
    version
        To be raised when the same inputs shall give something else although this code is the same.
    helpers
        Functions of installed packages whose code counts as the block's own; that of your own modules does
        anyway.
    cache
        False where what it makes depends on more than inputs, parameters and files: it is done at each run.
    holds
        Told parameters, outputs and `Work` of a result that is kept: False has it made anew, as where a file
        that the block wrote is gone.

    Returns
    -------
    Block
        Which is called like the function.

    Raises
    ------
    BadRequest
        There is no such stage, an output is named twice, or an argument cannot be told.

    Examples
    --------
    >>> @block(outputs=("doubled",))
    ... def twice(numbers, *, times: int = 2):
    ...     return [n * times for n in numbers]
    >>> twice([1, 2]), [p.name for p in twice.inputs], twice.parameters["times"].default
    ([2, 4], ['numbers'], 2)
    """
    if stage not in _TYPES:
        from ..errors import closest

        raise BadRequest(f"stage {stage!r} is none of {', '.join(STAGES)}{closest(stage, STAGES)}")
    names = (outputs,) if isinstance(outputs, str) else tuple(outputs)
    if len(set(names)) != len(names) or not all(n.isidentifier() for n in names):
        raise BadRequest(f"outputs {names}: give different names without spaces or points")

    def made(function: Callable[..., Any]) -> Block:
        one = _TYPES[stage](
            name or function.__name__,
            function,
            names,
            str(version),
            (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " "),
            tuple(helpers),
            cache,
            holds,
        )
        if stage == "ingest" and one.inputs:
            raise BadRequest(
                f"block {one.name} reads raw data and takes nothing from other steps: make "
                f"{one.inputs[0].name!r} keyword-only, or choose another stage"
            )
        return one

    return made if function is None else made(function)
