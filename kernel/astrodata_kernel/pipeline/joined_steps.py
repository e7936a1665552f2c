"""Steps joined into a graph: blocks, their parameters, what flows between them, and what is tested."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from ..errors import BadRequest, UnknownName, closest
from .block_types import Block
from .registry import block_named
from .steps import RESERVED, Ref, Step, checked_name, in_order, refs_of, substituted


class JoinedSteps:
    """The steps of a pipeline; `Pipeline` has them, and does something with them.

    Parameters
    ----------
    name, parameters, description, base
        As of `Pipeline`.
    """

    def __init__(
        self,
        name: str,
        parameters: Mapping[str, Any] | None = None,
        description: str = "",
        base: str | os.PathLike[str] | None = None,
    ) -> None:
        self.name = checked_name(name, "a pipeline")
        self.description = description
        self.parameters: dict[str, Any] = {}
        for one, value in (parameters or {}).items():
            if checked_name(one, "a parameter") in RESERVED:
                raise BadRequest(
                    f"a parameter cannot be called {one!r}: that is an option of `run`"
                )
            self.parameters[one] = value
        self.steps: dict[str, Step] = {}
        self.tests: dict[Ref, list[Any]] = {}
        self.base = Path.cwd() if base is None else Path(base).resolve()
        self.source: Path | None = None
        self.source_sha256: str | None = None
        """Of the file; None where there is no file, or steps were changed since it was read."""

    def add(
        self,
        name: str,
        block: str | Block | Callable[..., Any],
        *inputs: str | Sequence[str],
        from_: Mapping[str, str | Sequence[str]] | None = None,
        cache: bool | None = None,
        where: str = "",
        **parameters: Any,
    ) -> Self:
        """Add a step, and give the pipeline again.

        Parameters
        ----------
        name
            Of the step.
        block
            Its name, or itself.
        *inputs
            Steps, or ``"step.output"``, in the order of the block's inputs; a list for one that takes many.
        from_
            The same by the names of the block's inputs.
        cache
            False has it done at each run; as the block says by default.
        where
            File and line, for errors.
        **parameters
            Of the block; ``"${name}"`` is a parameter of the pipeline.

        Raises
        ------
        UnknownName
            There is no such block or parameter.
        BadRequest
            The name is taken, or the block takes other inputs.
        """
        before = f"{where}: " if where else ""
        if checked_name(name, "a step", before) in self.steps:
            raise BadRequest(f"{before}there is a step {name!r} already: choose another name")
        try:
            found = block_named(block)
        except UnknownName as error:
            raise UnknownName(f"{before}step {name!r}: {error}") from None
        except BadRequest as error:
            raise BadRequest(f"{before}step {name!r}: {error}") from None
        step = Step(
            name,
            found,
            refs_of(found, name, inputs, from_ or {}, before),
            dict(parameters),
            found.cache if cache is None else cache,
            where,
        )
        step.check_parameters(before)
        self.steps[name] = step
        self.source_sha256 = None
        return self

    def test(self, what: str, *tests: Mapping[str, Any]) -> Self:
        """Declare data tests of what a step gives (`adk.data_tests`), and give the pipeline again."""
        self.tests.setdefault(Ref.of(what), []).extend(dict(one) for one in tests)
        self.source_sha256 = None
        return self

    def tests_by_output(self) -> dict[str, dict[str, list[Any]]]:
        """Give the data tests by step and output.

        Raises
        ------
        UnknownName
            They are of a step or an output that is not there.
        """
        made: dict[str, dict[str, list[Any]]] = {}
        for ref, tests in self.tests.items():
            if ref.step not in self.steps:
                raise UnknownName(
                    f"there is no step {ref.step!r} to test{closest(ref.step, self.steps)}"
                )
            output = self.steps[ref.step].output(ref, "tests")
            made.setdefault(ref.step, {}).setdefault(output, []).extend(tests)
        return made

    @property
    def order(self) -> tuple[Step, ...]:
        """The steps, each after those that it needs.

        Raises
        ------
        UnknownName
            One needs a step or an output that is not there.
        BadRequest
            Steps need each other in a circle; the text names them.
        """
        return in_order(self.steps)

    def values(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """Give all parameters of a run: those that were chosen, and else what holds by default.

        Raises
        ------
        UnknownName
            There is no such parameter.
        BadRequest
            A parameter without a default was not chosen.
        """
        for name in chosen:
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                raise UnknownName(
                    f"pipeline {self.name} has no parameter {name!r}{closest(name, self.parameters)}; "
                    f"it has {known}"
                )
        return {**self.parameters, **chosen}

    def chosen(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Give parameters from the texts of a command line: numbers where the default is no text.

        Raises
        ------
        UnknownName
            There is no such parameter.
        BadRequest
            A text that stands for no value.
        """
        from .yaml_reading import read_yaml

        self.values(texts)
        return {
            name: text
            if isinstance(self.parameters[name], str)
            else read_yaml(text, f"parameter {name}").value
            for name, text in texts.items()
        }

    def with_parameters(self, **steps: Mapping[str, Any]) -> Self:
        """Give the same pipeline with other parameters of some steps: ``with_parameters(fit={"epochs": 3})``.

        Raises
        ------
        UnknownName
            There is no such step, or its block has no such parameter.
        """
        made = type(self)(self.name, self.parameters, self.description, self.base)
        made.source, made.steps = self.source, dict(self.steps)
        made.tests = {ref: list(tests) for ref, tests in self.tests.items()}
        for name, given in steps.items():
            if name not in made.steps:
                raise UnknownName(f"there is no step {name!r}{closest(name, made.steps)}")
            step = made.steps[name]
            made.steps[name] = replace(step, given={**step.given, **given})
            made.steps[name].check_parameters("")
        return made

    def resolved(self, step: Step, values: Mapping[str, Any]) -> dict[str, Any]:
        """Give the parameters of a step, checked; names of parameters are replaced by their values."""
        before = f"{step.where}: " if step.where else ""
        made = {}
        for name, parameter in step.block.parameters.items():
            if name in step.given:
                value = substituted(step.given[name], values, f"{before}step {step.name!r}, {name}")
                # A copy: a block that changes a list that it was given must not change the next run's.
                made[name] = parameter.checked(deepcopy(value), f"{before}step {step.name!r}")
            elif parameter.required:
                raise BadRequest(
                    f"{before}step {step.name!r}: block {step.block.name} needs {name} "
                    f"({parameter.type_name})"
                )
            else:
                made[name] = deepcopy(parameter.default)
        return made
