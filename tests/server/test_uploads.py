"""Uploads by pieces: what is interrupted goes on, and what is wrong never gets a name."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from astrodata_kernel.testing.scenes import safe_folder
from tornado.httpclient import HTTPClientError

from astrodata_lab import block_hash, staging, uploads
from astrodata_lab.block_hash import BLOCK, BlockHash
from astrodata_lab.refusals import Refusal
from astrodata_lab.staging import Facts
from astrodata_lab.upload_routes import MAX_FILES, read_facts
from astrodata_lab.uploads import Uploads

DATA = Path(__file__).parent.parent / "data"

PIECE = 40_000


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def hash_of(data):
    """By blocks, of all bytes up to the end of a piece."""
    size = block_hash.BLOCK
    blocks = [data[start : start + size] for start in range(0, len(data), size)]
    return sha256(b"".join(hashlib.sha256(block).digest() for block in blocks))


def facts_of(name, data=b"", files=None, into=""):
    """The body that begins an upload: of one file, or of a folder with `files`."""
    listed = [["", len(data)]] if files is None else [[path, len(b)] for path, b in files.items()]
    return {
        "into": into,
        "name": name,
        "folder": files is not None,
        "files": listed,
        "modified": 1,
        "mark": sha256(data[:65536] if files is None else b"".join(files.values())[:65536]),
    }


class Page:
    """What a page does, one request a method, without a server between; gives the status and the answer."""

    def __init__(self, root, uploads):
        self.root, self.uploads = root, uploads

    async def told(self, work, status=200):
        try:
            return status, await work
        except Refusal as refusal:
            return refusal.status, {"error": {"code": refusal.code, "message": refusal.message}}

    async def begin(self, facts, fresh=False):
        told = Facts(
            facts["name"],
            facts["folder"],
            tuple((path, size) for path, size in facts["files"]),
            facts["modified"],
            facts["mark"],
        )
        return await self.told(self.uploads.begin(self.root / facts["into"], told, fresh), 201)

    async def put(self, ident, offset, data, sha):
        async def put():
            return {"have": await self.uploads.append(ident, offset, data, sha)}

        return await self.told(put())

    async def finish(self, ident, sha, clash="ask"):
        async def finish():
            path, sha256 = await self.uploads.finish(ident, sha, clash)
            return {"name": path.name, "sha256": sha256}

        return await self.told(finish(), 201)

    async def listed(self):
        return await self.uploads.listing(self.root)

    async def discard(self, key):
        await self.uploads.discard(self.root, key)

    async def send(self, facts, data, piece=PIECE, clash="ask"):
        """All of it, from what the server has; gives the answer to the end."""
        code, begun = await self.begin(facts)
        assert code == 201, begun
        for at in range(begun["have"], len(data), piece):
            part = data[at : at + piece]
            code, told = await self.put(begun["id"], at, part, hash_of(data[: at + len(part)]))
            assert (code, told) == (200, {"have": at + len(part)})
        code, told = await self.finish(begun["id"], hash_of(data), clash)
        if code == 201:
            assert told.pop("sha256") == sha256(data)
        return code, told


class FarPage(Page):
    """The same through a real server."""

    def __init__(self, root, fetch):
        self.root, self._fetch = root, fetch

    async def ask(self, method, body=None, **params):
        try:
            reply = await self._fetch(
                "astrodata-lab", "uploads", method=method, params=params, body=body
            )
        except HTTPClientError as error:
            reply = error.response
        return reply.code, json.loads(reply.body) if reply.body else None

    async def begin(self, facts, **changes):
        return await self.ask("POST", json.dumps({**facts, **changes}))

    async def put(self, ident, offset, data, sha):
        return await self.ask("PUT", data, id=ident, offset=str(offset), hash=sha)

    async def finish(self, ident, sha, clash="ask"):
        return await self.ask("POST", json.dumps({"finish": ident, "hash": sha, "clash": clash}))


@pytest.fixture
def m13():
    return (DATA / "compressed" / "m13.fits").read_bytes()


@pytest.fixture
def place(tmp_path, m13):
    """The folder that takes the uploads, with a file and a folder in it."""
    folder = tmp_path / "root"
    (folder / "taken").mkdir(parents=True)
    (folder / "taken" / "inside").write_bytes(b"inside")
    (folder / "m13.fits").write_bytes(m13)
    return folder


@pytest.fixture
def page(place):
    return Page(place, Uploads(0, 3600.0))


@pytest.fixture
def far(root, jp_fetch, lab):
    return FarPage(root, jp_fetch)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Some in each piece, and pieces that end within one."""
    monkeypatch.setattr(block_hash, "BLOCK", 15_000)


def hidden(folder):
    return [one.name for one in folder.iterdir() if one.name.startswith(".")]


class TestHash:
    @pytest.mark.parametrize("step", [1 << 12, BLOCK, 3 * BLOCK - 1, 1 << 24])
    def test_it_is_that_of_the_page_however_the_bytes_come(self, monkeypatch, step):
        monkeypatch.setattr(block_hash, "BLOCK", BLOCK)
        data = bytes((31 * at + (at >> 8)) % 256 for at in range(3 * BLOCK + 17))
        hashed = BlockHash()
        for at in range(0, len(data), step):
            hashed.update(data[at : at + step])
        # The same as in tests/frontend/lab/hashing.test.ts.
        assert (
            hashed.of_blocks == "835c4f2f6bbfe1255aac118d3eadbe209ec770d02b4c93c0beba6e9ec2f03609"
        )
        assert hashed.sha256 == sha256(data)

    def test_a_copy_goes_on_by_itself(self):
        first = BlockHash()
        first.update(b"x" * 20_000)
        second = first.copy()
        second.update(b"y")
        assert first.of_blocks == hash_of(b"x" * 20_000)
        assert second.of_blocks == hash_of(b"x" * 20_000 + b"y")
        assert second.sha256 == sha256(b"x" * 20_000 + b"y")


class TestWhole:
    @pytest.mark.parametrize("piece", [7_001, PIECE, 1 << 20])
    async def test_a_file_arrives_as_it_was_whatever_the_pieces(self, page, place, m13, piece):
        (place / "deep" / "er").mkdir(parents=True)
        facts = facts_of("new ☉.fits", m13, into="deep/er")
        assert await page.send(facts, m13, piece) == (201, {"name": "new ☉.fits"})
        assert (place / "deep/er/new ☉.fits").read_bytes() == m13
        assert hidden(place / "deep/er") == []

    async def test_an_empty_file_is_one_too(self, page, place):
        assert (await page.send(facts_of("none.csv"), b""))[0] == 201
        assert (place / "none.csv").read_bytes() == b""

    async def test_a_folder_arrives_with_all_its_files_and_as_one(self, page, place, m13):
        files = {
            "MTD.xml": b"",
            "GRANULE/L1/a.jp2": m13[:50_000],
            "GRANULE/L1/b.jp2": b"b",
            ".zattrs": b"",
            "GRANULE/c.jp2": m13[:90_000],
            "last": b"",
        }
        data = b"".join(files.values())
        facts = facts_of("scene.SAFE", files=files)
        _, begun = await page.begin(facts)
        await page.put(begun["id"], 0, data[:60_000], hash_of(data[:60_000]))
        assert not (place / "scene.SAFE").exists()
        assert await page.send(facts, data) == (201, {"name": "scene.SAFE"})
        there = {
            path.relative_to(place / "scene.SAFE").as_posix(): path.read_bytes()
            for path in (place / "scene.SAFE").rglob("*")
            if path.is_file()
        }
        assert there == files
        assert hidden(place) == []

    async def test_who_has_not_heard_that_it_is_done_may_ask_again(self, page, place, m13):
        _, begun = await page.begin(facts_of("new.fits", m13))
        await page.put(begun["id"], 0, m13, hash_of(m13))
        for _ in range(2):
            done = await page.finish(begun["id"], hash_of(m13))
            assert done == (201, {"name": "new.fits", "sha256": sha256(m13)})
        assert {path.name for path in place.iterdir()} == {"new.fits", "m13.fits", "taken"}

    async def test_who_may_read_other_files_may_read_the_new_one(self, page, place, m13):
        (place / "plain").touch()
        await page.send(facts_of("new.fits", m13), m13)
        assert (place / "new.fits").stat().st_mode == (place / "plain").stat().st_mode


class TestBroken:
    @pytest.mark.parametrize("arrived", range(5))
    async def test_a_connection_that_breaks_after_any_piece_loses_none(
        self, page, place, m13, arrived
    ):
        data = m13[: 4 * PIECE + 17]
        facts = facts_of("new.fits", data)
        _, first = await page.begin(facts)
        have = 0
        for _ in range(arrived):
            part = data[have : have + PIECE]
            await page.put(first["id"], have, part, hash_of(data[: have + len(part)]))
            have += len(part)
        _, again = await page.begin(facts)
        assert (again["have"], again["hash"]) == (have, hash_of(data[:have]))
        # The page that was first has lost its turn, whatever of it is still on its way.
        code, told = await page.put(first["id"], have, data[have:], hash_of(data))
        assert (code, told["error"]["code"]) == (409, "out-of-step")
        assert (await page.send(facts, data))[0] == 201
        assert (place / "new.fits").read_bytes() == data

    async def test_a_server_that_is_started_anew_finds_what_it_had(self, page, place, m13):
        facts = facts_of("new.fits", m13)
        _, begun = await page.begin(facts)
        await page.put(begun["id"], 0, m13[:PIECE], hash_of(m13[:PIECE]))
        page.uploads = Uploads(0, 3600.0)
        code, _ = await page.put(begun["id"], PIECE, m13[PIECE:], hash_of(m13))
        assert code == 409
        listed = await page.listed()
        assert [(one["name"], one["have"], one["size"]) for one in listed] == [
            ("new.fits", PIECE, len(m13))
        ]
        _, again = await page.begin(facts)
        assert (again["have"], again["hash"]) == (PIECE, hash_of(m13[:PIECE]))
        assert (await page.send(facts, m13))[0] == 201
        assert (place / "new.fits").read_bytes() == m13

    async def test_what_was_spoiled_on_the_disk_meanwhile_is_told_by_its_hash(
        self, page, place, m13
    ):
        facts = facts_of("new.fits", m13)
        _, begun = await page.begin(facts)
        await page.put(begun["id"], 0, m13[:PIECE], hash_of(m13[:PIECE]))
        (part,) = place.glob(".astrodata-*.upload/data")
        part.write_bytes(b"x" * PIECE)
        page.uploads = Uploads(0, 3600.0)
        _, again = await page.begin(facts)
        assert again["hash"] != hash_of(m13[:PIECE])
        _, fresh = await page.begin(facts, fresh=True)
        assert fresh["have"] == 0
        assert (await page.send(facts, m13))[0] == 201
        assert (place / "new.fits").read_bytes() == m13

    async def test_another_file_of_the_same_name_does_not_go_on_with_it(self, page, place, m13):
        _, begun = await page.begin(facts_of("new.fits", m13))
        await page.put(begun["id"], 0, m13[:PIECE], hash_of(m13[:PIECE]))
        for changes in ({"modified": 2}, {"mark": "0" * 64}, {"files": [["", len(m13) - 1]]}):
            _, other = await page.begin(facts_of("new.fits", m13) | changes)
            assert other["have"] == 0


class TestWrong:
    async def test_a_wrong_byte_is_refused_with_its_piece_and_the_rest_goes_on(
        self, page, place, m13
    ):
        facts = facts_of("new.fits", m13)
        _, begun = await page.begin(facts)
        await page.put(begun["id"], 0, m13[:PIECE], hash_of(m13[:PIECE]))
        spoiled = bytes([m13[PIECE] ^ 1]) + m13[PIECE + 1 : 2 * PIECE]
        code, told = await page.put(begun["id"], PIECE, spoiled, hash_of(m13[: 2 * PIECE]))
        assert (code, told["error"]["code"]) == (422, "check-failed")
        assert "new.fits" in told["error"]["message"]
        assert not (place / "new.fits").exists()
        _, again = await page.begin(facts)
        assert (again["have"], again["hash"]) == (PIECE, hash_of(m13[:PIECE]))
        assert (await page.send(facts, m13))[0] == 201
        assert (place / "new.fits").read_bytes() == m13

    async def test_what_is_not_all_there_or_not_what_was_sent_gets_no_name(self, page, place, m13):
        facts = facts_of("new.fits", m13)
        _, begun = await page.begin(facts)
        await page.put(begun["id"], 0, m13[:-1], hash_of(m13[:-1]))
        code, told = await page.finish(begun["id"], hash_of(m13[:-1]))
        assert (code, told["error"]["code"]) == (409, "out-of-step")
        await page.put(begun["id"], len(m13) - 1, m13[-1:], hash_of(m13))
        code, told = await page.finish(begun["id"], "0" * 64)
        assert (code, told["error"]["code"]) == (422, "check-failed")
        (part,) = place.glob(".astrodata-*.upload/data")
        os.truncate(part, 10)
        assert (await page.finish(begun["id"], hash_of(m13)))[0] == 422
        assert not (place / "new.fits").exists()

    async def test_bytes_beyond_the_end_are_refused(self, page, place, m13):
        _, begun = await page.begin(facts_of("new.fits", m13))
        longer = m13 + b"x"
        assert (await page.put(begun["id"], 0, longer, hash_of(longer)))[0] == 409

    async def test_a_piece_that_is_too_large_is_refused(self, page, place, monkeypatch):
        monkeypatch.setattr(uploads, "MAX_CHUNK", 10)
        _, begun = await page.begin(facts_of("new.fits", b"x" * 11))
        assert (await page.put(begun["id"], 0, b"x" * 11, hash_of(b"x" * 11)))[0] == 413


class TestTwoAtOnce:
    async def test_pieces_that_overtake_each_other_are_kept_in_their_order(self, page, place, m13):
        data = m13[: 2 * PIECE]
        _, begun = await page.begin(facts_of("new.fits", data))
        later = asyncio.ensure_future(page.put(begun["id"], PIECE, data[PIECE:], hash_of(data)))
        await asyncio.sleep(0)  # its request is on its way
        first = await page.put(begun["id"], 0, data[:PIECE], hash_of(data[:PIECE]))
        assert [first, await later] == [(200, {"have": PIECE}), (200, {"have": 2 * PIECE})]
        assert (await page.finish(begun["id"], hash_of(data)))[0] == 201
        assert (place / "new.fits").read_bytes() == data

    async def test_a_piece_behind_one_that_is_refused_does_not_wait_for_it(self, page, place, m13):
        _, begun = await page.begin(facts_of("new.fits", m13))
        later = asyncio.ensure_future(page.put(begun["id"], PIECE, m13[PIECE:], hash_of(m13)))
        await asyncio.sleep(0)
        assert (await page.put(begun["id"], 0, m13[:PIECE], "0" * 64))[0] == 422
        assert (await later)[0] == 409

    async def test_a_piece_waits_for_those_before_it_only_so_long(
        self, page, place, m13, monkeypatch
    ):
        monkeypatch.setattr(uploads, "_EARLY", 0.01)
        _, begun = await page.begin(facts_of("new.fits", m13))
        assert (await page.put(begun["id"], PIECE, m13[PIECE:], hash_of(m13)))[0] == 409

    async def test_two_files_of_one_name_are_both_whole_in_the_end(self, page, place, m13):
        other = m13[::-1]
        answers = await asyncio.gather(
            page.send(facts_of("new.fits", m13), m13, clash="keep-both"),
            page.send(facts_of("new.fits", other), other, clash="keep-both"),
        )
        assert {told["name"] for _, told in answers} == {"new.fits", "new-2.fits"}
        there = {(place / name).read_bytes() for name in ("new.fits", "new-2.fits")}
        assert there == {m13, other}


class TestTaken:
    async def test_a_name_that_is_taken_is_told_at_once_and_again_at_the_end(
        self, page, place, m13
    ):
        data = m13[::-1]
        code, begun = await page.begin(facts_of("m13.fits", data))
        assert (code, begun["taken"]) == (201, "file")
        code, told = await page.send(facts_of("m13.fits", data), data)
        assert (code, told["error"]["code"]) == (409, "name-taken")

    async def test_it_is_replaced_in_one_step_if_that_is_wanted(self, page, place, m13):
        data = m13[::-1]
        answer = await page.send(facts_of("m13.fits", data), data, clash="replace")
        assert answer == (201, {"name": "m13.fits"})
        assert (place / "m13.fits").read_bytes() == data

    @pytest.mark.parametrize(
        ("name", "second"),
        [("a.fits", "a-2.fits"), ("a.fits.gz", "a-2.fits.gz"), ("2mass.k.csv", "2mass.k-2.csv")],
    )
    async def test_both_are_kept_if_that_is_wanted(self, page, place, m13, name, second):
        (place / name).write_bytes(b"1")
        answer = await page.send(facts_of(name, m13), m13, clash="keep-both")
        assert answer == (201, {"name": second})
        assert (place / name).read_bytes() == b"1"
        again = m13[::-1]
        _, told = await page.send(facts_of(name, again), again, clash="keep-both")
        assert "-3." in told["name"]

    @pytest.mark.parametrize("clash", ["ask", "replace"])
    async def test_a_folder_is_never_replaced(self, page, place, m13, clash):
        code, told = await page.send(facts_of("taken", m13), m13, clash=clash)
        assert (code, told["error"]["code"]) == (409, "name-taken")
        files = {"a.fits": m13}
        code, told = await page.send(facts_of("taken", files=files), m13, clash=clash)
        assert (code, told["error"]["code"]) == (409, "name-taken")
        answer = await page.send(facts_of("taken", files=files), m13, clash="keep-both")
        assert answer == (201, {"name": "taken-2"})

    async def test_a_link_is_never_written_through(self, page, place, m13):
        secret = place.parent / "secret"
        secret.write_bytes(b"secret")
        (place / "link.fits").symlink_to(secret)
        (place / "nowhere.fits").symlink_to(place.parent / "made")
        for name in ("link.fits", "nowhere.fits"):
            code, _ = await page.send(facts_of(name, m13), m13, clash="replace")
            assert code == 409
        assert secret.read_bytes() == b"secret"
        assert not (place.parent / "made").exists()

    async def test_disks_without_hard_links_do_it_too(self, page, place, m13, monkeypatch):
        def no_links(*args):
            raise OSError(errno.EPERM, "not permitted")

        monkeypatch.setattr(os, "link", no_links)
        assert (await page.send(facts_of("new.fits", m13), m13))[0] == 201
        assert (place / "new.fits").read_bytes() == m13
        other = m13[::-1]
        assert (await page.send(facts_of("new.fits", other), other))[0] == 409
        assert (place / "new.fits").read_bytes() == m13


class TestSpace:
    async def test_nothing_begins_that_the_disk_cannot_hold(self, page, place):
        code, told = await page.begin(
            facts_of("huge.fits", files=None) | {"files": [["", 1 << 52]]}
        )
        assert (code, told["error"]["code"]) == (507, "no-space")
        assert "4503599.63 GB" in told["error"]["message"]
        assert hidden(place) == []

    async def test_a_quota_that_the_administrator_knows_counts(self, page, place, m13):
        asked = []

        def free(folder):
            asked.append(folder)
            return uploads.SPARE + 2 * len(m13) - 1

        page.uploads = Uploads(0, 3600.0, free)
        code, begun = await page.begin(facts_of("one.fits", m13))
        assert code == 201
        # What is promised to the first is not free for the second.
        code, told = await page.begin(facts_of("two.fits", m13))
        assert (code, told["error"]["code"]) == (507, "no-space")
        await page.discard(begun["key"])
        assert (await page.begin(facts_of("two.fits", m13)))[0] == 201
        assert set(asked) == {str(place)}

    async def test_an_upload_beyond_the_limit_is_refused(self, page, place, m13):
        page.uploads = Uploads(len(m13) - 1, 3600.0)
        code, told = await page.begin(facts_of("new.fits", m13))
        assert (code, told["error"]["code"]) == (413, "too-large")

    async def test_a_disk_that_is_full_in_the_middle_keeps_what_it_has(
        self, page, place, m13, monkeypatch
    ):
        facts = facts_of("new.fits", m13)
        _, begun = await page.begin(facts)
        await page.put(begun["id"], 0, m13[:PIECE], hash_of(m13[:PIECE]))
        write = os.write

        def full(descriptor, data):
            if len(data) > 1000:
                return write(descriptor, data[:1000])
            with Path("/dev/full").open("wb", buffering=0) as device:
                return device.write(data)

        with monkeypatch.context() as patch:
            patch.setattr(staging.os, "write", full)
            code, told = await page.put(
                begun["id"], PIECE, m13[PIECE : 2 * PIECE - 1], hash_of(m13[: 2 * PIECE - 1])
            )
        assert (code, told["error"]["code"]) == (507, "no-space")
        (part,) = place.glob(".astrodata-*.upload/data")
        assert part.read_bytes() == m13[:PIECE]
        assert (await page.send(facts, m13))[0] == 201
        assert (place / "new.fits").read_bytes() == m13


class TestGivenUp:
    async def test_an_upload_that_is_cancelled_leaves_nothing(self, page, place, m13):
        _, begun = await page.begin(facts_of("new.fits", m13))
        await page.put(begun["id"], 0, m13[:PIECE], hash_of(m13[:PIECE]))
        await page.discard(begun["key"])
        assert hidden(place) == []
        assert (await page.put(begun["id"], PIECE, m13[PIECE:], hash_of(m13)))[0] == 409
        assert hidden(place) == []

    async def test_how_long_nothing_came_of_an_upload_is_told(self, page, place, m13):
        await page.begin(facts_of("new.fits", m13))
        for path in place.glob(".astrodata-*/*"):
            os.utime(path, (1, 1))
        (told,) = await page.listed()
        assert told["idle"] < 60
        (told,) = await Page(place, Uploads(0, 1e12)).listed()
        assert told["idle"] > 1e9

    async def test_old_ones_go_when_the_folder_is_next_used(self, page, place, m13):
        _, begun = await page.begin(facts_of("old.fits", m13))
        await page.begin(facts_of("used.fits", m13))
        mine = place / ".astrodata-mine.upload"
        mine.mkdir()
        past = time.time() - 4000
        for home in place.glob(".astrodata-*"):
            for path in (home, *home.iterdir()):
                os.utime(path, (past, past))
        del page.uploads._sessions[begun["id"]]
        assert [one["name"] for one in await page.listed()] == ["used.fits"]
        page.uploads._keep_seconds = 3600.0
        assert (await page.begin(facts_of("new.fits", m13)))[0] == 201
        kept = {json.loads(path.read_text())["name"] for path in place.glob(".astr*/facts.json")}
        assert kept == {"used.fits", "new.fits"}
        assert mine.is_dir()


HOSTILE = {
    "..": 400,
    ".": 400,
    "": 400,
    " ": 400,
    "../x.fits": 400,
    "a/b.fits": 400,
    "/etc/passwd": 400,
    "a\\b.fits": 400,
    "x\0.fits": 400,
    "x\n.fits": 400,
    "x" * 256: 400,
    "\ud800": 400,
    ".hidden": 403,
    ".zattrs": 403,
}


PATHS = [
    ["../x"],
    ["a/../../x"],
    ["/etc/passwd"],
    ["a//b"],
    ["a/"],
    ["a\\..\\b"],
    [".ssh/authorized_keys"],
    ["a/.bashrc"],
    ["a", "a"],
    ["a", "a/b"],
    ["/".join(["a"] * 33)],
    [""],
    [],
]
NO_FACTS = [
    {"name": 1},
    {"files": "x"},
    {"files": [["", -1]]},
    {"files": [["", True]]},
    {"files": [["", 1, 2]]},
    {"files": [["a", 1]]},
    {"files": [["", 1], ["", 1]]},
    {"files": [["", 1 << 54]]},
    {"files": [["", 1]] * (MAX_FILES + 1)},
    {"mark": "x"},
    {"modified": "x"},
]


class TestHostile:
    def refused(self, body, allow_hidden=False):
        with pytest.raises(Refusal) as caught:
            read_facts(SimpleNamespace(allow_hidden=allow_hidden), body)
        return caught.value.status

    @pytest.mark.parametrize("name", HOSTILE, ids=[ascii(name[:12]) for name in HOSTILE])
    def test_a_name_that_is_none_is_refused(self, name):
        assert self.refused(facts_of(name, b"x")) == HOSTILE[name]

    def test_hidden_names_are_taken_where_the_server_shows_them(self):
        manager = SimpleNamespace(allow_hidden=True)
        assert read_facts(manager, facts_of(".hidden", b"x")).name == ".hidden"
        assert self.refused(facts_of("..", b"x"), allow_hidden=True) == 400

    @pytest.mark.parametrize("paths", PATHS)
    def test_a_path_that_leaves_the_folder_or_hides_in_it_is_refused(self, paths):
        body = facts_of("folder", files={}) | {"files": [[path, 1] for path in paths]}
        assert self.refused(body) in (400, 403)

    @pytest.mark.parametrize("changes", NO_FACTS, ids=lambda one: ascii(one)[:24])
    def test_facts_that_are_none_are_refused(self, changes):
        assert self.refused(facts_of("new.fits", b"x") | changes) in (400, 413)


class TestServer:
    """Through a real server: what the routes add to the above."""

    async def test_a_file_is_sent_interrupted_listed_and_given_up(self, far, root, m13):
        (root / "deep").mkdir()
        facts = facts_of("new ☉.fits", m13, into="deep")
        assert await far.send(facts, m13, 1 << 16) == (201, {"name": "new ☉.fits"})
        assert (root / "deep/new ☉.fits").read_bytes() == m13
        _, begun = await far.begin(facts_of("cut.fits", m13, into="deep"))
        assert (await far.put(begun["id"], 0, m13[:PIECE], hash_of(m13)))[0] == 422
        _, listed = await far.ask("GET", folder="deep")
        assert [one["name"] for one in listed["uploads"]] == ["cut.fits"]
        gone = await far.ask("DELETE", folder="deep", key=begun["key"])
        assert (gone, hidden(root / "deep")) == ((204, None), [])

    async def test_requests_that_are_none_are_refused(self, far, root):
        (root / ".hidden").mkdir()
        (root / "out").symlink_to(root.parent)
        for into in ("..", "/tmp", "nowhere", ".hidden", "m13.fits", "out"):
            assert (await far.begin(facts_of("new.fits", b"x", into=into)))[0] in (403, 404)
            for verb in ("GET", "DELETE"):
                assert (await far.ask(verb, folder=into, key="0" * 32))[0] in (403, 404)
        for offset, sha in (("-1", "0" * 64), ("x", "0" * 64), ("0", "x")):
            assert (await far.ask("PUT", b"x", id="x", offset=offset, hash=sha))[0] == 400
        assert (await far.put("../../x", 0, b"x", "0" * 64))[0] == 409
        assert (await far.ask("DELETE", folder="", key="../x"))[0] == 400
        for body in ("[]", '{"finish": "x", "hash": 1}', '{"finish": 1}', "{}"):
            assert (await far.ask("POST", body))[0] == 400
        assert hidden(root) == [".hidden"]

    async def test_a_folder_becomes_one_data_set(self, far, root, ask, tmp_path):
        safe = safe_folder(tmp_path, size=60, bands=["B04"])
        files = {
            path.relative_to(safe).as_posix(): path.read_bytes()
            for path in sorted(safe.rglob("*"))
            if path.is_file()
        }
        data = b"".join(files.values())
        _, told = await far.send(facts_of(safe.name, files=files), data)
        code, added = await ask("datasets", "POST", {"path": told["name"]})
        assert (code, added["kind"], added["path"]) == (201, "scene", safe.name)
