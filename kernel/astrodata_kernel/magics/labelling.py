"""Magics that look at latents and name what one sees: explore, label, and the lists of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BadRequest, UnknownName, closest
from .encoders import encoder_of
from .sources import encoded, events_behind, fitted, latents_behind, name_in_catalogue, none_of
from .words import last, split_words

if TYPE_CHECKING:
    from ..labels import Session
    from ..processing.events import Events

METHODS = ("pca", "umap", "pacmap", "tsne")
COLUMNS = ("session", "dataset", "labels", "classes", "annotators", "changed")


def explore(words: Sequence[str]) -> Any:
    """Encode a data set, and give the explorer of its latents."""
    word, options = split_words(
        "explore", words, ["--encoder", "--method", "--labels", "--hdu"], "path or name"
    )
    method, session = last(options["--method"]), last(options["--labels"])
    if method is not None and method not in METHODS:
        raise BadRequest(
            f"%astro explore: there is no method {method!r}{closest(method, METHODS)}; there are: "
            f"{', '.join(METHODS)}"
        )
    log = None if session is None else _known_session(session)
    events, model = events_behind(word, last(options["--hdu"])), None
    if (wanted := last(options["--encoder"])) is not None:
        model, name = encoder_of(wanted)
        events = fitted(events, model)
        latents = encoded(word, events, model, name)
    else:
        latents = latents_behind("%astro explore", events)
    axes = {}
    if method is not None:
        from ..latent import project

        latents = project(latents, method)
        axes = {"x": f"{method}0", "y": f"{method}1"}
    from ..widgets.latent import LatentExplorer

    decoder = model if hasattr(model, "decoder") else None
    return LatentExplorer(latents, events=events, labels=log, decoder=decoder, tab="map", **axes)


def label(words: Sequence[str]) -> Any:
    """Open the label session of a data set, a new one if there is none, and give its Labeller."""
    word, options = split_words(
        "label",
        words,
        ["--classes", "--session", "--queue", "--encoder", "--hdu"],
        "path or name",
        flags=["--blind"],
    )
    classes = _classes(last(options["--classes"]))
    events = events_behind(word, last(options["--hdu"]))
    session = last(options["--session"]) or Path(word).stem
    known = [one.name for one in _sessions()]
    if session not in known and classes is None:
        otherwise = f"a new one needs classes: %astro label {word} --classes normal,anomaly"
        raise BadRequest(none_of("label session", session, known, otherwise))
    order = _order(last(options["--queue"]), word, events, last(options["--encoder"]))
    from ..labels import session as open_session
    from ..widgets.label import Labeller

    dataset = {"name": name_in_catalogue(word), "digest": events.digest}
    log = open_session(session, dataset=dataset, classes=classes)
    print(f"{session}: {'goes on' if session in known else 'begins'} in {log.folder}")  # noqa: T201
    return Labeller(events, log, blind=bool(options["--blind"]), **order)


def labels(words: Sequence[str]) -> Any:
    """Give the label sessions of the workspace, or all labels of a data set, as a table."""
    import pandas as pd

    found = _sessions()
    if not words:
        if not found:
            print("No labels yet. Begin: %astro label PATH|NAME --classes normal,anomaly")  # noqa: T201
        return pd.DataFrame([_row(one) for one in found], columns=list(COLUMNS))
    from ..labels import LabelLog

    word, _ = split_words("labels", words, [], "path or name")
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


def _known_session(name: str) -> Any:
    """Give the log of a session that is there: a name that is misspelt must not begin another."""
    from ..labels import session

    known = [one.name for one in _sessions()]
    if name not in known:
        there = ", ".join(known[:8]) or "none yet, begin with %astro label"
        raise UnknownName(none_of("label session", name, known, f"there are: {there}"))
    return session(name)


def _classes(text: str | None) -> list[str] | None:
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    if not all(names) or len(set(names)) < len(names):
        raise BadRequest(
            f"%astro label: --classes {text}: give different names with commas between them, such as "
            "normal,anomaly; names with spaces go in quotes with all of them"
        )
    return names


def _order(strategy: str | None, word: str, events: Events, encoder: str | None) -> dict[str, Any]:
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
        latents = latents_behind("%astro label", events)
    else:
        model, name = encoder_of(encoder)
        latents = encoded(word, fitted(events, model), model, name)
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
