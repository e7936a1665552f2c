"""The training behind an encoder: the loss of each start, and which of them collapsed."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import BadRequest
from ..wire import encode

COLUMNS = ("round", "start", "epoch")


def history_frame(history: Any) -> Any:
    """Give a history as a DataFrame with a text column ``collapsed``; empty text for living starts.

    Parameters
    ----------
    history
        A DataFrame with round, start, epoch, loss or val_loss, and perhaps collapsed (why, or a boolean);
        or a training, which has such a ``.history`` and its ``.starts``.

    Raises
    ------
    BadRequest
        Columns that are missing.
    """
    starts = getattr(history, "starts", None)
    frame = getattr(history, "history", history)
    missing = [name for name in COLUMNS if name not in getattr(frame, "columns", ())]
    if missing or not {"loss", "val_loss"} & set(frame.columns):
        raise BadRequest(
            f"a history has the columns {', '.join(COLUMNS)} and loss or val_loss: "
            f"{', '.join(missing) or 'a loss'} is missing"
        )
    frame = frame.copy()
    if starts is not None and "collapsed" in getattr(starts, "columns", ()):
        reasons = {(r.round, r.start): r.collapsed for r in starts.itertuples()}
        pairs = zip(frame["round"], frame["start"], strict=True)
        frame["collapsed"] = [reasons.get(pair, "") for pair in pairs]
    if "collapsed" not in frame.columns:
        frame["collapsed"] = ""
    frame["collapsed"] = [_reason(value) for value in frame["collapsed"]]
    return frame


def history_reply(frame: Any) -> tuple[dict[str, Any], memoryview]:
    """Give the curves of all starts, rounds one after another, as they travel.

    Returns
    -------
    meta, buffer
        ``starts`` with round, start, collapsed, count of epochs and best loss; the bytes have shape
        (1, 2, epochs of all starts): epoch, counted through all rounds, and loss.
    """
    loss = "val_loss" if "val_loss" in frame.columns else "loss"
    epochs, losses, starts, rounds = [], [], [], []
    offset = 0
    for number, of_round in frame.groupby("round"):
        for start, rows in of_round.groupby("start"):
            rows = rows.sort_values("epoch")
            values = rows[loss].to_numpy(np.float64)
            finite = values[np.isfinite(values)]
            epochs.append(offset + rows["epoch"].to_numpy(np.float64) + 1)
            losses.append(values)
            starts.append(
                {
                    "round": _number(number),
                    "start": _number(start),
                    "collapsed": next((reason for reason in rows["collapsed"] if reason), ""),
                    "count": len(rows),
                    "best": float(finite.min()) if len(finite) else None,
                }
            )
        offset += int(of_round["epoch"].max()) + 1
        rounds.append({"round": _number(number), "end": offset})
    table = (
        np.stack([np.concatenate(epochs), np.concatenate(losses)]) if epochs else np.empty((2, 0))
    )
    meta, buffer = encode(table[None])
    return {**meta, "starts": starts, "rounds": rounds, "loss": loss}, buffer


def _reason(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "collapsed" if value is not None and value == value and bool(value) else ""


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, int | np.integer) else str(value)
