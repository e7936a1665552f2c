"""A data set's latents in the explorer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import BadRequest, UnknownName, closest
from .encoders import encoder_of
from .sources import Source, encoded, events_behind, fitted, latents_behind, none_of

if TYPE_CHECKING:
    from ..labels import LabelLog
    from ..widgets.latent import LatentExplorer


def explore(
    source: Source,
    *,
    encoder: str | None = None,
    method: str | None = None,
    labels: str | None = None,
    hdu: int | str | None = None,
) -> LatentExplorer:
    """Give the explorer of a data set's latents: those that are kept, or what an encoder makes now.

    Parameters
    ----------
    source
        Path or catalogue entry of traces, a stack of pictures, or a table.
    encoder
        Name of a model that is kept, path of a ``.keras`` file, or id or name of a run; by default what was
        made last of the same data, and a table's own numbers.
    method
        Projection that the map shows: ``"pca"``, ``"umap"``, ``"pacmap"`` or ``"tsne"``; by default the first
        two latents.
    labels
        Label session whose labels are on the map.
    hdu
        Number or name of the part to take.

    Raises
    ------
    AstrodataError
        There is no such encoder, method or session, or there are no latents.
    """
    from ..latent.projections import METHODS

    if method is not None and method not in METHODS:
        raise BadRequest(
            f"there is no method {method!r}{closest(method, METHODS)}; there are: {', '.join(METHODS)}"
        )
    log = None if labels is None else _known_session(labels)
    events, model = events_behind(source, hdu), None
    if encoder is not None:
        model, name = encoder_of(encoder)
        events = fitted(events, model)
        latents = encoded(source, events, model, name)
    else:
        latents = latents_behind(events)
    axes: dict[str, Any] = {}
    if method is not None:
        from ..latent import project

        latents = project(latents, method)
        axes = {"x": f"{method}0", "y": f"{method}1"}
    from ..widgets.latent import LatentExplorer

    decoder = model if hasattr(model, "decoder") else None
    return LatentExplorer(latents, events=events, labels=log, decoder=decoder, tab="map", **axes)


def _known_session(name: str) -> LabelLog:
    """Give the log of a session that is there: a name that is misspelt must not begin another."""
    from ..labels import session, sessions

    known = [one.name for one in sessions()]
    if name not in known:
        there = ", ".join(known[:8]) or "none yet"
        raise UnknownName(none_of("label session", name, known, f"there are: {there}"))
    return session(name)
