"""What a search may choose from, as Optuna has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import BadRequest, MissingPackage, closest

_WORDS = ("from", "to", "step", "log")


def distributions(space: Mapping[str, Any]) -> dict[str, Any]:
    """Give Optuna's distribution of each parameter.

    Parameters
    ----------
    space
        By name: a list of choices, a mapping with ``from`` and ``to`` (and ``step``, or ``log: true``), or a
        distribution of Optuna.

    Raises
    ------
    BadRequest
        One is none of these.
    """
    try:
        from optuna import distributions as of
    except ImportError:
        raise MissingPackage(
            'searches need Optuna; run "pip install astrodata-lab[pipeline]" in this kernel\'s environment'
        ) from None
    if not space:
        raise BadRequest("a search needs at least one parameter to choose")
    made: dict[str, Any] = {}
    for name, told in space.items():
        if isinstance(told, of.BaseDistribution):
            made[name] = told
        elif isinstance(told, (list, tuple)):
            made[name] = of.CategoricalDistribution(_choices(name, told))
        elif isinstance(told, Mapping):
            made[name] = _range(name, told, of)
        else:
            raise BadRequest(
                f"{name}: {told!r} is no space: give choices as a list, or from and to"
            )
    return made


def _choices(name: str, told: Any) -> list[Any]:
    if not told or not all(one is None or isinstance(one, (str, int, float, bool)) for one in told):
        raise BadRequest(f"{name}: choices are numbers, texts, true or false, at least one")
    return list(told)


def _range(name: str, told: Mapping[str, Any], of: Any) -> Any:
    for word in told:
        if word not in _WORDS:
            raise BadRequest(f"{name}: unknown {word!r}{closest(str(word), _WORDS)}")
    low, high = told.get("from"), told.get("to")
    numbers = (int, float)
    if isinstance(low, bool) or not isinstance(low, numbers) or not isinstance(high, numbers):
        raise BadRequest(f"{name}: from and to must be numbers")
    step, log = told.get("step"), bool(told.get("log", False))
    try:
        if (
            isinstance(low, int)
            and isinstance(high, int)
            and (step is None or isinstance(step, int))
        ):
            return of.IntDistribution(low, high, log=log, step=1 if step is None else step)
        return of.FloatDistribution(low, high, log=log, step=step)
    except ValueError as error:
        raise BadRequest(f"{name}: {error}") from None
