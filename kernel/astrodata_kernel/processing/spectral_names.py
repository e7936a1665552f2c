"""What columns and extensions of spectra are called."""

from __future__ import annotations

from collections.abc import Sequence

_NAMES: dict[str, tuple[str, ...]] = {
    "wave": (
        *("LOGLAM", "LOG_LAMBDA", "LOGLAMBDA", "LOGWAVE", "WAVELENGTH", "WAVELENGTHS", "WAVE"),
        *(
            "LAMBDA",
            "LAM",
            "WLEN",
            "FREQUENCY",
            "FREQ",
            "NU",
            "ENERGY",
            "SPECTRAL_AXIS",
            "VELOCITY",
        ),
    ),
    "flux": (
        *("FLUX", "FLUX_DENSITY", "FLUXES", "SPEC", "SPECTRUM", "INTENSITY", "FLAM", "F_LAMBDA"),
        *("FNU", "DATA", "COUNTS"),
    ),
    "error": (
        *("ERROR", "ERR", "FLUX_ERR", "FLUX_ERROR", "SIGMA", "SIG", "STD", "NOISE", "UNCERTAINTY"),
        *("FLUXERR", "ERR_FLUX", "E_FLUX"),
    ),
    "ivar": ("IVAR", "INVVAR", "FLUX_IVAR", "INVERSE_VARIANCE"),
    "mask": ("AND_MASK", "MASK", "DQ", "QUALITY", "FLAGS", "OR_MASK", "FLAG"),
}


def spectral_columns(columns: Sequence[tuple[str, str]]) -> dict[str, str] | None:
    """Give which columns make a spectrum, of (name, unit) pairs; None where they make none.

    Returns
    -------
    dict or None
        Names under ``wave``, ``flux`` and, where there are any, ``error``, ``ivar`` and ``mask``.
    """
    folded = {name.upper(): name for name, _ in columns}
    found = {
        kind: next((folded[name] for name in names if name in folded), "")
        for kind, names in _NAMES.items()
    }
    if not found["wave"] or not found["flux"]:
        return None
    return {kind: name for kind, name in found.items() if name}


def kind_by_name(name: str) -> str:
    """Give what an extension of a name holds besides the fluxes: one of the keys above, or nothing."""
    folded = name.upper().replace("-", "_")
    for kind, names in _NAMES.items():
        if kind != "flux" and folded in names:
            return kind
    return ""
