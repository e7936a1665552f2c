"""What the routes answer for files that are as they should be, and for arguments that are not."""

from __future__ import annotations

import hashlib
import io
import sys

import numpy as np
import pytest
from astrodata_kernel.environment import PROTOCOL
from PIL import Image

pytestmark = pytest.mark.usefixtures("before")


async def test_version_gives_version_protocol_and_environment_of_the_server_half(ask):
    from astrodata_lab._version import __version__

    status, said = await ask("version")
    assert (status, said["version"], said["protocol"]) == (200, __version__, PROTOCOL)
    # Whole, though it may lie below the folder that the server shows: it is typed into a terminal.
    assert said["environment"]["python"] == sys.executable


async def test_sniff_tells_what_a_file_holds(ask):
    status, facts = await ask("sniff", path="m13.fits")
    assert status == 200
    assert (facts["path"], facts["kind"], facts["shape"]) == ("m13.fits", "image", [300, 300])
    assert facts["parts"][0]["index"] == 0
    assert facts["warnings"] == []


async def test_header_gives_the_cards_in_their_order(ask):
    status, header = await ask("header", path="m13.fits", hdu="0")
    assert status == 200
    assert header["cards"][0][:2] == ["SIMPLE", True]
    assert [value for key, value, _ in header["cards"] if key == "NAXIS1"] == [300]
    assert header["truncated"] is False


async def test_header_of_an_hdu_that_is_not_there_names_those_that_are(ask):
    status, body = await ask("header", path="m13.fits", hdu="7")
    assert status == 404
    assert "7" in body["error"]["message"]


@pytest.mark.parametrize("name", ["m13.fits", "spectrum_sdss_J2202.fits", "table_gaia_cone.fits"])
async def test_thumbnail_is_a_small_png_that_browsers_may_not_take_for_more(
    jp_fetch, lab, root, name
):
    reply = await jp_fetch("astrodata-lab", "thumbnail", params={"path": name, "size": 64})
    assert reply.headers["Content-Type"] == "image/png"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert max(Image.open(io.BytesIO(reply.body)).size) <= 64


async def test_a_folder_that_is_a_data_set_is_added_and_shown_like_a_file(ask, root):
    import zarr

    group = zarr.create_group(root / "run.zarr")
    group.create_array("image", data=np.arange(600.0).reshape(20, 30))
    status, entry = await ask("datasets", "POST", {"path": "run.zarr"})
    assert (status, entry["format"], entry["shape"]) == (201, "Zarr", [20, 30])
    assert (await ask("header", path="run.zarr"))[1]["parts"][0]["name"] == "/image"
    status, picture = await ask("thumbnail", path="run.zarr", size=32)
    assert (status, Image.open(io.BytesIO(picture)).size) == (200, (30, 20))
    status, body = await ask("thumbnail", path="broken")
    assert (status, body["error"]["code"]) == (404, "unreadable")


async def test_a_thumbnail_is_read_once_until_its_file_changes(ask, lab, root, monkeypatch):
    calls = []
    look = lab.previews._look

    async def counted(*args, **kwargs):
        calls.append(args)
        return await look(*args, **kwargs)

    monkeypatch.setattr(lab.previews, "_look", counted)
    copy = root / "copy.fits"
    copy.write_bytes((root / "m13.fits").read_bytes())
    pictures = [await ask("thumbnail", path="copy.fits") for _ in range(3)]
    assert len(calls) == 1
    assert pictures[0] == pictures[2]
    copy.write_bytes((root / "spectrum_sdss_J2202.fits").read_bytes())
    assert await ask("thumbnail", path="copy.fits") != pictures[0]
    assert len(calls) == 2
    copy.unlink()


async def test_an_unchanged_thumbnail_is_not_sent_again(jp_fetch, lab, root):
    from tornado.httpclient import HTTPClientError

    first = await jp_fetch("astrodata-lab", "thumbnail", params={"path": "m13.fits"})
    headers = {"If-None-Match": first.headers["Etag"]}
    with pytest.raises(HTTPClientError, match="304"):
        await jp_fetch("astrodata-lab", "thumbnail", params={"path": "m13.fits"}, headers=headers)


@pytest.mark.parametrize("size", ["0", "15", "513", "-1", "1e3", "99999", "x", "64;", "٣٢"])
async def test_thumbnail_refuses_a_size_that_is_none(ask, size):
    status, body = await ask("thumbnail", path="m13.fits", size=size)
    assert (status, body["error"]["code"]) == (400, "bad-request")


async def test_a_dataset_is_added_listed_and_removed_and_its_file_stays(ask, root):
    status, added = await ask("datasets", "POST", {"path": "m13.fits", "tags": ["globular"]})
    assert status == 201
    assert (added["path"], added["kind"], added["state"]) == ("m13.fits", "image", "ok")
    assert added["sha256"] == hashlib.sha256((root / "m13.fits").read_bytes()).hexdigest()

    status, listing = await ask("datasets")
    assert status == 200
    assert listing["datasets"] == [added]

    assert await ask("datasets", "DELETE", name=added["name"]) == (204, None)
    assert (await ask("datasets"))[1]["datasets"] == []


async def test_the_same_file_is_in_the_catalogue_once(ask):
    for _ in range(2):
        await ask("datasets", "POST", {"path": "m13.fits"})
    assert len((await ask("datasets"))[1]["datasets"]) == 1


async def test_looking_at_the_list_leaves_no_trace(ask, root):
    await ask("datasets")
    assert not (root / "astrodata").exists()


async def test_size_and_hash_that_fit_make_a_record(ask, root):
    data = (root / "m13.fits").read_bytes()
    expect = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    assert (await ask("datasets", "POST", {"path": "m13.fits", "expect": expect}))[0] == 201


@pytest.mark.parametrize("wrong", [{"size": 1}, {"sha256": "0" * 64}])
async def test_size_or_hash_that_differ_make_no_record(ask, root, wrong):
    data = (root / "m13.fits").read_bytes()
    expect = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), **wrong}
    status, body = await ask("datasets", "POST", {"path": "m13.fits", "expect": expect})
    assert (status, body["error"]["code"]) == (422, "check-failed")
    assert "m13.fits" in body["error"]["message"]
    assert (await ask("datasets"))[1]["datasets"] == []


async def test_a_name_that_is_taken_is_a_conflict(ask):
    await ask("datasets", "POST", {"path": "m13.fits", "name": "target"})
    status, body = await ask(
        "datasets", "POST", {"path": "spectrum_sdss_J2202.fits", "name": "target"}
    )
    assert (status, body["error"]["code"]) == (409, "name-taken")


async def test_removing_an_unknown_name_says_so(ask):
    status, body = await ask("datasets", "DELETE", name="nothing")
    assert (status, body["error"]["code"]) == (404, "unknown-name")


async def test_a_file_that_vanished_or_changed_is_told_in_the_list(ask, root):
    for name in ("gone.fits", "other.fits"):
        (root / name).write_bytes((root / "m13.fits").read_bytes())
        await ask("datasets", "POST", {"path": name})
    (root / "gone.fits").unlink()
    (root / "other.fits").write_bytes(b"something else")
    states = {item["name"]: item["state"] for item in (await ask("datasets"))[1]["datasets"]}
    assert states == {"gone": "missing", "other": "changed"}


async def test_a_damaged_record_is_told_each_time_and_kept(ask, root):
    await ask("datasets", "POST", {"path": "m13.fits"})
    damaged = root / "astrodata" / "bad-00000000.json"
    damaged.write_text("{")
    for _ in range(2):
        listing = (await ask("datasets"))[1]
        assert [item["name"] for item in listing["datasets"]] == ["m13"]
        assert "astrodata/bad-00000000.json" in listing["warnings"][0]
        assert str(root) not in listing["warnings"][0]
    assert damaged.read_text() == "{"


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "m13.fits",
        {},
        {"path": 7},
        {"path": ["m13.fits"]},
        {"path": "m13.fits", "name": ""},
        {"path": "m13.fits", "name": "x" * 201},
        {"path": "m13.fits", "name": 1},
        {"path": "m13.fits", "tags": "one"},
        {"path": "m13.fits", "tags": [1]},
        {"path": "m13.fits", "expect": {"size": "1"}},
        {"path": "m13.fits", "expect": {"size": True}},
        {"path": "m13.fits", "expect": {"sha256": "zz"}},
        {"path": "m13.fits", "expect": {"md5": "0"}},
    ],
)
async def test_a_body_that_makes_no_sense_is_refused(ask, body):
    status, reply = await ask("datasets", "POST", body)
    assert (status, reply["error"]["code"]) == (400, "bad-request")
    assert (await ask("datasets"))[1]["datasets"] == []


async def test_a_body_that_is_no_json_is_refused(jp_fetch, lab, root):
    from tornado.httpclient import HTTPClientError

    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("astrodata-lab", "datasets", method="POST", body="{")
    assert caught.value.code == 400
    assert b'"error"' in caught.value.response.body
