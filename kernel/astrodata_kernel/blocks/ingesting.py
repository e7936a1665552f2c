"""Blocks that read raw data: files of any kind, tables, waveforms, scenes, labels, and synthetic traces."""

from __future__ import annotations

from typing import Any, Literal

from ..pipeline import File, Work, block
from .step_help import given, working
from .trace_values import like, streamed

Kind = Literal["image", "cube", "table", "spectrum", "waveforms", "strain", "scene"]
Fact = str | bool | None


@block(stage="ingest", outputs=("dataset",))
def open_data(
    *,
    path: File,
    kind: Kind | None = None,
    hdu: int | str | None = None,
    bands: list[str] | None = None,
    offset: float | dict[str, float] | None = None,
    scale: float | dict[str, float] | None = None,
    sample_period: float | None = None,
    sample_rate: float | None = None,
    polarity: Literal[1, -1] | None = None,
    unit: str | None = None,
) -> Any:
    """Open a file of any kind; its values are read when they are asked for.

    Parameters
    ----------
    path, kind, hdu, bands, offset, scale
        As of `adk.open`.
    sample_period, sample_rate
        Seconds between samples, or samples a second, of waveforms and strain whose file does not tell.
    polarity
        1 for pulses that rise, -1 for those that fall.
    unit
        Of the values.

    Returns
    -------
    Dataset
    """
    from ..readers.registry import open_dataset

    dataset = open_dataset(path, kind, hdu, **given(bands=bands, offset=offset, scale=scale))
    told = given(sample_period=sample_period, sample_rate=sample_rate, polarity=polarity, unit=unit)
    return dataset.taken_as(kind or dataset.kind, **told) if told else dataset


@block(stage="ingest", outputs=("table",))
def read_table(
    *,
    path: File,
    part: int | str | None = None,
    columns: list[str] | None = None,
    vectors: Literal["expand", "refuse"] = "expand",
    schema: dict[str, str | dict[str, Fact]] | None = None,
) -> Any:
    """Read a table of FITS, Parquet, CSV, or of arrays of one length in an npz file.

    Parameters
    ----------
    path, part, columns, vectors
        As of `adk.processing.tabular.table_of`; names of columns are those of the schema where there is one.
    schema
        Column to type, or to ``from``, ``dtype``, ``unit``, ``stored_unit`` and ``nullable``, as of
        `adk.data_tests.read_with_schema`: the file keeps its format, the schema is applied as it is read.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    DataCheckFailed
        Values that are not as the schema says; the text names file, column and rows.
    """
    from ..processing.tabular import table_of

    if schema is None:
        return table_of(path, part, columns, vectors)
    from ..data_tests import read_with_schema

    return read_with_schema(path, schema, columns, part=part, vectors=vectors)


@block(stage="ingest", outputs=("traces",), helpers=(streamed,))
def read_waveforms(
    *,
    path: File,
    hdu: int | str | None = None,
    rows: tuple[int, int] | None = None,
    trim: tuple[int, int] = (0, 0),
    sample_period: float | None = None,
    polarity: Literal[1, -1] | None = None,
    work: Work | None = None,
) -> Any:
    """Read waveforms, or some rows of them, without samples at their ends.

    Parameters
    ----------
    path, hdu
        As of `adk.open`.
    rows
        The first trace, and the one after the last; all by default.
    trim
        Samples that are left out at the beginning and at the end.
    sample_period
        Seconds between samples, where the file does not tell.
    polarity
        1 for pulses that rise, -1 for those that fall.

    Returns
    -------
    Dataset
        Of kind waveforms; as it lies in the file where nothing is left out.
    """
    from ..processing.waveforms import trim as trimmed
    from ..readers.registry import open_dataset

    told = given(sample_period=sample_period, polarity=polarity)
    dataset = open_dataset(path, hdu=hdu).taken_as("waveforms", **told)
    if rows is None and trim == (0, 0):
        return dataset
    chosen = dataset if rows is None else like(dataset, dataset.array[slice(*rows)])
    return streamed(working(work), chosen, lambda part: trimmed(part, *trim))


@block(stage="ingest", outputs=("scenes",))
def open_scenes(
    *,
    paths: list[File],
    offset: float | None = None,
    scale: float | None = None,
) -> Any:
    """Open satellite scenes of several dates.

    Parameters
    ----------
    paths
        Files, zips or folders, one a date.
    offset, scale
        As of `adk.open_scenes`.

    Returns
    -------
    list of Scene
        By date.
    """
    from ..readers.sentinel import open_scenes as opened

    return opened(paths, offset, scale)


@block(stage="ingest", outputs=("table",))
def read_glitches(*, path: File) -> Any:
    """Read a table of glitches: Omicron's, Gravity Spy's, PyCBC's or one of the kind.

    Parameters
    ----------
    path
        As of `adk.processing.strain.read_glitches`.

    Returns
    -------
    pandas.DataFrame
        ``time`` (GPS), ``frequency`` (Hz), ``snr``, ``duration`` (s), ``label``.
    """
    import pandas as pd

    from ..processing.strain import read_glitches as read

    columns = ("time", "frequency", "snr", "duration", "label")
    return pd.DataFrame(read(path), columns=list(columns))


@block(stage="ingest", outputs=("traces", "truth"))
def synthetic_waveforms(
    *,
    n: int,
    noise_level: float = 1.0,
    amplitude: float | list[float] | None = None,
    seed: int = 0,
    work: Work | None = None,
) -> Any:
    """Make synthetic traces of DAIDREAM's kind, and the truth about them.

    Parameters
    ----------
    n, noise_level, amplitude, seed
        As of `adk.processing.waveforms.synthesize`.

    Returns
    -------
    traces : ndarray
        Shape (n, 9728).
    truth : pandas.DataFrame
        A row a trace.
    """
    from ..processing.waveforms import synthesize

    return synthesize(n, noise_level, amplitude, seed, progress=working(work).progress)


@block(stage="ingest", outputs=("table",), cache=False)
def read_labels(*, session: str, annotator: str | None = None, work: Work | None = None) -> Any:
    """Read the labels of a session of the workspace as they stand.

    People go on labelling: it looks at each run. What depends on it is done anew where labels have changed.

    Parameters
    ----------
    session
        Name of the session.
    annotator
        Whose labels; all by default.

    Returns
    -------
    pandas.DataFrame
        ``id``, ``label``, ``annotator``, ``confidence``, ``verdict``: a row a label.

    Raises
    ------
    UnknownName
        The workspace has no such session.
    """
    from ..errors import UnknownName, closest
    from ..labels import LabelLog, sessions

    held = {one.name: one for one in sessions(working(work).root)}
    if session not in held:
        raise UnknownName(
            f"there is no label session {session!r}{closest(session, held)}; the workspace has "
            f"{', '.join(held) or 'none'}"
        )
    log = LabelLog(held[session].folder)
    try:
        table = log.table(annotator)[["id", "label", "annotator", "confidence", "verdict"]]
    finally:
        log.close()
    # Columns of mixed kinds have no place in a file: ids are whole numbers or texts, never both.
    return table.reset_index(drop=True).convert_dtypes()
