"""What can be done with single data sets of the list: rename, tag, verify, remove and bring back."""

from __future__ import annotations

import asyncio
import json
import os

import anyio
import pytest
from astrodata_kernel.catalog import Catalog

from astrodata_lab import records

M13 = "m13"


@pytest.fixture
def added(root):
    """The record of a file, as the routes give it."""
    return records.public(Catalog(root).add(root / "m13.fits", tags=["cluster"]))


@pytest.fixture
def verify(jp_fetch, lab):
    """Ask for a hash: gives the lines of the answer."""

    async def verify(name):
        reply = await jp_fetch(
            "astrodata-lab", "verify", method="POST", params={"name": name}, body=""
        )
        return [json.loads(line) for line in reply.body.splitlines()]

    return verify


async def test_the_list_comes_once_and_then_only_when_it_has_changed(ask, added):
    _, listing = await ask("datasets")
    assert listing["datasets"] == [added]
    known = listing["version"]
    assert await ask("datasets", known=known) == (200, {"version": known, "same": True})
    await ask("datasets", "PATCH", {"tags": []}, name=M13)
    _, changed = await ask("datasets", known=known)
    assert changed["datasets"][0]["tags"] == []
    assert changed["version"] != known


async def test_names_and_tags_are_changed_and_clashes_told_in_words(ask, added):
    status, changed = await ask("datasets", "PATCH", {"tags": ["a", "b"]}, name=M13)
    assert (status, changed) == (200, {**added, "tags": ["a", "b"]})
    status, changed = await ask("datasets", "PATCH", {"name": "Hercules"}, name=M13)
    assert (status, changed["name"], changed["tags"]) == (200, "Hercules", ["a", "b"])
    await ask("datasets", "POST", {"path": "spectrum_sdss_J2202.fits", "name": "J2202"})
    status, refused = await ask("datasets", "PATCH", {"name": "J2202"}, name="Hercules")
    assert (status, refused["error"]["code"]) == (409, "name-taken")
    assert "choose another name" in refused["error"]["message"]
    assert (await ask("datasets", "PATCH", {"name": "x"}, name="none"))[0] == 404


async def test_a_change_that_makes_no_sense_is_refused(ask, added):
    for body in (
        None,
        {"path": "m13.fits"},
        {"name": ""},
        {"name": 7},
        {"name": "a\nb"},
        {"tags": "a"},
        {"tags": [1]},
        {"tags": ["x"] * 51},
    ):
        status, reply = await ask("datasets", "PATCH", body, name=M13)
        assert (status, reply["error"]["code"]) == (400, "bad-request"), body
    assert (await ask("datasets"))[1]["datasets"] == [added]


async def test_what_was_removed_comes_back_as_it_was(ask, added):
    await ask("datasets", "DELETE", name=M13)
    assert await ask("datasets", "POST", {"restore": M13}) == (201, added)
    assert (await ask("datasets"))[1]["datasets"] == [added]
    assert (await ask("datasets", "POST", {"restore": M13}))[0] == 404


async def test_verifying_tells_the_same_from_changed_and_missing(verify, added, root):
    *progress, last = await verify(M13)
    assert last["state"] == "ok"
    assert [line["progress"] for line in progress][-1] == 1
    path = root / "m13.fits"
    was, bytes_ = path.stat(), path.read_bytes()
    path.write_bytes(bytes_[:-1] + b"\x7f")
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    last = (await verify(M13))[-1]
    assert last["state"] == "changed"
    assert "SHA-256" in last["message"]
    path.unlink()
    last = (await verify(M13))[-1]
    assert (last["state"], str(root) in last["message"]) == ("missing", False)


async def test_a_file_outside_of_the_root_is_not_hashed_here(ask, added, root, tmp_path_factory):
    outside = tmp_path_factory.mktemp("elsewhere") / "secret.npy"
    outside.write_bytes((root / "m13.fits").read_bytes())
    Catalog(root).add(outside, name="far")
    (root / "link.fits").symlink_to(outside)
    Catalog(root).add(root / "link.fits", name="near")
    os.mkfifo(root / "pipe")
    record = next((root / "astrodata").glob("m13-*.json"))
    record.write_text(record.read_text().replace('"m13.fits"', '"pipe"'))
    for name in ("far", "near", M13):
        status, refused = await ask("verify", "POST", None, name=name)
        assert (status, refused["error"]["code"]) == (400, "bad-request")
        assert "adk.Catalog().verify" in refused["error"]["message"]
    assert (await ask("verify", "POST", None, name="none"))[0] == 404
    assert (await ask("verify", "POST", None))[0] == 400


async def test_an_error_after_the_first_line_is_a_line_too(ask, added, lab, monkeypatch, verify):
    async def fails(root, name, progress):
        progress(0.25)
        await asyncio.sleep(0)
        raise RuntimeError(f"a fault at {root}")

    monkeypatch.setattr(lab.records, "verify", fails)
    first, last = await verify(M13)
    assert first == {"progress": 0.25}
    assert last["error"]["code"] == "internal"


async def test_who_leaves_ends_the_hash_and_its_process(
    jp_fetch, jp_base_url, jp_http_port, lab, added, monkeypatch, jp_auth_header
):
    begun, ended = asyncio.Event(), asyncio.Event()

    async def endless(root, name, progress):
        begun.set()
        try:
            # A function of the standard library stands for the hash of a very large file.
            return await lab._verifying.call("time:sleep", 600, seconds=600)
        finally:
            ended.set()

    monkeypatch.setattr(lab.records, "verify", endless)
    stream = await anyio.connect_tcp("localhost", jp_http_port)
    head = f"POST {jp_base_url}astrodata-lab/verify?name=m13 HTTP/1.1\r\nHost: localhost\r\n"
    token = f"Authorization: {jp_auth_header['Authorization']}\r\n"
    await stream.send(f"{head}{token}Content-Length: 0\r\n\r\n".encode())
    with anyio.fail_after(60):
        await begun.wait()
        await stream.aclose()
        await ended.wait()
    assert lab._verifying._idle == []


async def test_a_picture_that_nobody_waits_for_is_not_made(ask, lab, root):
    from astrodata_lab.refusals import Refusal

    with pytest.raises(Refusal, match="Nobody waits"):
        await lab.previews.thumbnail(root / "m13.fits", None, 64, wanted=lambda: False)
    assert (await ask("thumbnail", path="m13.fits"))[0] == 200


async def test_the_first_cards_of_a_header_are_enough_for_a_glance(ask, root):
    _, whole = await ask("header", path="m13.fits")
    _, few = await ask("header", path="m13.fits", cards="3")
    assert few["cards"] == whole["cards"][:3]
    assert (few["truncated"], whole["truncated"]) == (True, False)
    assert (await ask("header", path="m13.fits", cards="-1"))[0] == 400


async def test_a_format_without_cards_tells_its_columns(ask, root):
    (root / "stars.csv").write_text("ra,dec\n1.5,2\n")
    facts = dict((await ask("header", path="stars.csv"))[1]["facts"])
    assert facts["columns"] == "ra double, dec int64"
