"""Damaged and hostile files: a sentence or a warning, never a failure of the server."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("before")

BROKEN = sorted(p.name for p in (Path(__file__).parent.parent / "data" / "broken").iterdir())
CODES = {"unreadable", "unsupported", "damaged", "too-large"}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_file_gives_a_sentence_or_a_warning(ask, root, name):
    path = f"broken/{name}"
    for route in ("sniff", "header", "thumbnail"):
        status, body = await ask(route, path=path)
        if status == 200:
            continue
        assert status in (404, 413, 415, 422), body
        assert body["error"]["code"] in CODES
        assert name in body["error"]["message"]
        assert str(root) not in body["error"]["message"]
        assert "Traceback" not in body["error"]["message"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("derived_m13_truncated.fits", "HDU"),
        ("not_fits_idcompspec.fits", "not_fits_idcompspec.fits"),
    ],
)
async def test_a_file_that_is_no_dataset_is_told_why_and_not_recorded(ask, root, name, words):
    status, body = await ask("datasets", "POST", {"path": f"broken/{name}"})
    assert status in (415, 422)
    assert words in body["error"]["message"]
    assert (await ask("datasets"))[1]["datasets"] == []


async def test_a_wrong_checksum_opens_with_a_warning(ask):
    status, facts = await ask("sniff", path="broken/checksum_false.fits")
    assert status == 200
    assert any("CHECKSUM" in text or "checksum" in text for text in facts["warnings"])


async def test_a_header_card_with_markup_is_plain_text(ask, root):
    import numpy as np
    from astropy.io import fits

    markup = "<img src=x onerror=alert(1)>"
    header = fits.Header([("OBJECT", markup, markup)])
    fits.PrimaryHDU(np.zeros((4, 4), "f4"), header).writeto(root / "markup.fits")
    status, body = await ask("header", path="markup.fits")
    assert status == 200
    assert ["OBJECT", markup, markup] in body["cards"]


@pytest.mark.parametrize(
    "content",
    [
        b"\0" * 10_000,
        b"\x80\x04\x95pickle",
        b"SIMPLE  =                    T" + b" " * 50,
        (b"SIMPLE  =                    T" + b" " * 50) * 2000,
        b"\x1f\x8b\x08\0garbage",
        b"\x89HDF\r\n\x1a\ngarbage",
        b"PK\x03\x04garbage",
        b"\x93NUMPY\x01\0v\0{'descr': '|O', 'fortran_order': False, 'shape': (1,)}" + b" " * 61,
        b"PAR1garbagePAR1",
        "<html>☉</html>".encode(),
    ],
    ids=lambda content: ascii(content[:12]),
)
@pytest.mark.parametrize("ending", ["fits", "bin"])
async def test_garbage_gives_a_sentence_whatever_its_name(ask, root, content, ending):
    (root / f"garbage.{ending}").write_bytes(content)
    for route in ("sniff", "header", "thumbnail"):
        status, body = await ask(route, path=f"garbage.{ending}")
        assert status in (404, 413, 415, 422), body
        assert body["error"]["code"] in CODES
