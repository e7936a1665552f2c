"""Label sessions: begun or gone on with, and listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BadRequest, UnknownName
from .encoders import encoder_of
from .sources import (
    Source,
    encoded,
    events_behind,
    fitted,
    latents_behind,
    name_in_catalogue,
    none_of,
    stem_of,
)

if TYPE_CHECKING:
    import pandas as pd

    from ..labels import Session
    from ..processing.events import Events
    from ..widgets.label import Labeller

COLUMNS = ("session", "dataset", "labels", "classes", "annotators", "changed")


def label(
    source: Source,
    *,
    classes: Sequence[str] | None = None,
    session: str | None = None,
    queue: str | None = None,
    encoder: str | None = None,
    blind: bool = False,
    hdu: int | str | None = None,
) -> Labeller:
    """Open the label session of a data set, a new one if there is none, and give its Labeller.

    Parameters
    ----------
    source
        Path or catalogue entry of traces, a stack of pictures, or a table; it is added to the catalogue.
    classes
        Names of the classes; needed where the session is new.
    session
        Its name; by default the data set's.
    queue
        Strategy that says what comes next (`astrodata_kernel.learning.STRATEGIES`); by default in order.
    encoder
        Whose latents the strategy goes by, as in `explore`.
    blind
        Whether what others said is hidden.
    hdu
        Number or name of the part to take.

    Raises
    ------
    AstrodataError
        A new session without classes, or no such strategy, encoder or data set.
    """
    names = None if classes is None else _classes(classes)
    events = events_behind(source, hdu)
    wanted = session or stem_of(source)
    known = [one.name for one in _sessions()]
    if wanted not in known and names is None:
        raise BadRequest(
            none_of("label session", wanted, known, "a new one needs classes: normal,anomaly")
        )
    order = _order(queue, source, events, encoder)
    from ..labels import session as open_session
    from ..widgets.label import Labeller

    dataset = {"name": name_in_catalogue(source), "digest": events.digest}
    log = open_session(wanted, dataset=dataset, classes=names)
    print(f"{wanted}: {'goes on' if wanted in known else 'begins'} in {log.folder}")  # noqa: T201
    return Labeller(events, log, blind=blind, **order)


def labels(of: Source | None = None) -> pd.DataFrame:
    """Give the label sessions of the workspace, or all labels of a data set or session, as a table.

    Parameters
    ----------
    of
        Name of a session or data set, or the data set's path or entry; by default the sessions are listed.

    Raises
    ------
    UnknownName
        Nothing is labelled of it.
    """
    import pandas as pd

    found = _sessions()
    if of is None:
        if not found:
            print("No labels yet. Begin: %astro label PATH|NAME --classes normal,anomaly")  # noqa: T201
        return pd.DataFrame([_row(one) for one in found], columns=list(COLUMNS))
    from ..catalog import Entry
    from ..labels import LabelLog

    word = of.name if isinstance(of, Entry) else str(of)
    mine = [one for one in found if word in (_dataset_of(one), one.name)]
    mine = mine or [one for one in found if Path(word).stem == _dataset_of(one)]
    if not mine:
        known = sorted({name for one in found for name in (_dataset_of(one), one.name) if name})
        otherwise = f"begin: %astro label {word} --classes normal,anomaly"
        raise UnknownName(none_of("label of", word, known, otherwise))
    tables = []
    for one in mine:
        log = LabelLog(one.folder)
        print(f"{one.name}: {_counts(log.counts()) or 'no labels yet'}")  # noqa: T201
        tables.append(log.table().assign(session=one.name))
    table = pd.concat(tables, ignore_index=True)
    return table[["session", *(name for name in table.columns if name != "session")]]


def _sessions() -> list[Session]:
    from ..labels import sessions

    return sessions()


def _classes(given: Sequence[str]) -> list[str]:
    names = [] if isinstance(given, str) else [str(name).strip() for name in given]
    if not names or not all(names) or len(set(names)) < len(names):
        raise BadRequest(
            f"classes {', '.join(names) or given!r}: give different names, such as normal,anomaly"
        )
    return names


def _order(
    strategy: str | None, source: Source, events: Events, encoder: str | None
) -> dict[str, Any]:
    """Give what the Labeller needs to show events in the order of a strategy."""
    if strategy is None and encoder is None:
        return {}
    if strategy == "random":
        from ..learning import random_order

        return {"queue": events.ids[random_order(events.ids)]}
    if strategy is not None:
        from ..learning.strategies import strategy_of

        strategy_of(strategy)  # says what there is, before anything is encoded
    if encoder is None:
        latents = latents_behind(events)
    else:
        model, name = encoder_of(encoder)
        latents = encoded(source, fitted(events, model), model, name)
    return {"latents": latents} if strategy is None else {"latents": latents, "queue": strategy}


def _row(session: Session) -> dict[str, Any]:
    for problem in session.problems:
        print(problem)  # noqa: T201
    by = {who: sum(counts.values()) for who, counts in session.by_annotator.items()}
    return {
        "session": session.name,
        "dataset": _dataset_of(session),
        "labels": sum(by.values()),
        "classes": _counts(session.counts),
        "annotators": _counts(by),
        "changed": session.changed,
    }


def _dataset_of(session: Session) -> str:
    return str((session.dataset or {}).get("name") or "")


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
