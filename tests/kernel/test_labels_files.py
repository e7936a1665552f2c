import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.errors import (
    AstrodataError,
    BadRequest,
    DamagedFile,
    UnknownName,
    UnreadableFile,
)
from astrodata_kernel.labels import LabelLog, import_labels, mask_region
from astropy.io import fits
from astropy.table import Table

BOX = {"kind": "box", "x": 1.5, "y": 2, "width": 30, "height": 4.25}
SIZED = {"kind": "box", "x": 10, "y": 20, "width": 33, "height": 7, "size": [100, 333]}
POLYGON = {"kind": "polygon", "points": [[0, 0], [4, 0.5], [3, 9]]}
INTERVAL = {"kind": "interval", "start": 5, "stop": 9.5, "channel": "L1"}
NAMES = {
    "csv": "labels.csv",
    "parquet": "labels.parquet",
    "fits": "labels.fits",
    "coco": "coco.json",
    "label-studio": "studio.json",
}


def full(folder: Path, ids: list, *, masks: bool) -> LabelLog:
    """Give a log in which everything occurs."""
    log = LabelLog(folder, "ada", ["[odd]", "glitch", "κ-line"], multiple=True, model="cae-7")
    log.put(ids, ["glitch"], 'first, "quoted"\nsecond = α \\ ', confidence=0.25, seconds=1.5)
    log.put(ids[1], ["[odd]", "κ-line"], score=3.25, source={"lasso": [[0, 0.5], [1, 2]]})
    for region in (BOX, SIZED, POLYGON, INTERVAL):
        log.put(ids[0], ["glitch"], region=region)
    if masks:
        log.put(ids[0], ["glitch"], region=mask_region(np.eye(3, 5) > 0))
    log.put(ids[2], ["κ-line"])
    log.undo()
    with LabelLog(folder, "bob", dataset={"name": "x", "digest": "ab" * 32}) as bob:
        bob.put(ids[:2], ["κ-line"])
        bob.skip(ids[2])
        bob.adjudicate(ids[1], ["glitch"])
    log.refresh()
    return log


def content(log: LabelLog) -> list:
    table = log.table().astype(object)
    table = table.where(table.notna(), None)
    rows = table.to_dict("records")
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in rows)


@pytest.mark.parametrize("ids", [[3, 7, 12], ["a", "b ", "ü\\"], ["7", 7, "-5"]])
@pytest.mark.parametrize("kind", NAMES)
def test_labels_go_out_and_come_back_whole(tmp_path: Path, kind: str, ids: list) -> None:
    log = full(tmp_path / "one", ids, masks=kind != "label-studio")
    path = log.export(tmp_path / NAMES[kind], kind)
    known = () if kind == "coco" else log.label_set.names
    other = LabelLog(tmp_path / "two", "importer", known, multiple=True)
    taken = import_labels(other, path, kind, ids=ids, add_classes=True)
    assert content(other) == content(log)
    assert taken == len(log.table()) + 1
    assert other.verdicts == log.verdicts == {ids[1]: ["glitch"]}
    assert set(other.label_set.names) >= {"[odd]", "glitch", "κ-line"}
    assert LabelLog(tmp_path / "two", "ada").labelled() == log.labelled()
    assert other.undo()["do"] == "put"
    assert other.table().empty
    assert other.verdicts == {}
    other.redo()
    assert content(LabelLog(tmp_path / "two", "x")) == content(log)


def test_an_import_is_one_line_of_the_log(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": range(1000), "label": ["a", "b"] * 500})
    frame.to_csv(tmp_path / "in.csv", index=False)
    log = LabelLog(tmp_path / "log", "ada")
    assert import_labels(log, tmp_path / "in.csv") == 1000
    [path] = log.folder.glob("*.jsonl")
    _, line = path.read_bytes().splitlines()
    assert len(json.loads(line)["items"]) == 2
    assert log.counts() == {"a": 500, "b": 500}
    assert log.labelled()[999] == "b"


def test_what_others_wrote_is_taken_too(tmp_path: Path) -> None:
    log = LabelLog(tmp_path / "log", "ada")
    (tmp_path / "plain.csv").write_text("label,id,extra\nodd,001,x\n,002,y\nodd,003,\nfine,001,z\n")
    assert import_labels(log, tmp_path / "plain.csv", annotator="bob", ids=["001", "003"]) == 2
    assert log.labelled("bob") == {"003": "odd", "001": "fine"}
    coco = {
        "images": [{"id": 5, "file_name": "m31.png", "width": 10, "height": 10}],
        "categories": [{"id": 1, "name": "star"}],
        "annotations": [
            {"id": 1, "image_id": 5, "category_id": 1, "bbox": [1, 2, 3, 4]},
            {"id": 2, "image_id": 5, "category_id": 1, "segmentation": [[0, 0, 4, 0, 4, 4]]},
        ],
    }
    (tmp_path / "coco.json").write_text(json.dumps(coco))
    import_labels(log, tmp_path / "coco.json", ids=["m31.png"])
    assert log.table("ada").id.tolist() == ["m31.png"] * 2
    studio = [
        {
            "id": 9,
            "data": {"image": "x.png"},
            "annotations": [
                {
                    "completed_by": 4,
                    "created_at": "2026-01-02T03:04:05.678901Z",
                    "lead_time": 2.5,
                    "result": [
                        {
                            "type": "rectanglelabels",
                            "original_width": 200,
                            "original_height": 50,
                            "value": {
                                "x": 10,
                                "y": 20,
                                "width": 5,
                                "height": 40,
                                "rotation": 0,
                                "rectanglelabels": ["star"],
                            },
                        }
                    ],
                }
            ],
        }
    ]
    (tmp_path / "studio.json").write_text(json.dumps(studio))
    import_labels(log, tmp_path / "studio.json")
    [row] = log.table("4").to_dict("records")
    wanted = {"kind": "box", "x": 20, "y": 10, "width": 10, "height": 20, "size": [50, 200]}
    assert (row["id"], row["region"], row["seconds"]) == (9, wanted, 2.5)
    assert row["time"] == pd.Timestamp("2026-01-02T03:04:05.678901Z")


def test_exports_are_what_their_readers_expect(tmp_path: Path) -> None:
    log = LabelLog(tmp_path / "log", "ada", [{"name": "star", "color": "#112233"}])
    log.put([4, 9], "star", "bright")
    log.put(4, "star", region=BOX)
    log.put(4, "star", region=POLYGON)
    mask = np.zeros((4, 6), bool)
    mask[1:3, 2:5] = True
    log.put(9, "star", region=mask_region(mask))
    table = Table.read(log.export(tmp_path / "a.fits"), hdu=1)
    assert table["id"].tolist()[:2] == [4, 9]
    assert set(table["label"]) == {"star"}
    assert pd.read_csv(log.export(tmp_path / "a.csv")).note.iloc[0] == "bright"
    assert pd.read_parquet(log.export(tmp_path / "a.parquet")).id.dtype == np.int64
    coco = json.loads(log.export(tmp_path / "a.json").read_text())
    assert {one["id"]: one["file_name"] for one in coco["images"]} == {4: "4", 9: "9"}
    assert coco["categories"][0]["color"] == "#112233"
    boxes = [one for one in coco["annotations"] if "bbox" in one]
    assert boxes[0]["bbox"] == [1.5, 2, 30, 4.25]
    assert boxes[1]["segmentation"] == [[0, 0, 4, 0.5, 3, 9]]
    assert boxes[1]["area"] == pytest.approx(17.25)
    assert boxes[2]["bbox"] == [2, 1, 3, 2]
    # Column by column, as pycocotools has it.
    assert boxes[2]["segmentation"] == {"size": [4, 6], "counts": [9, 2, 2, 2, 2, 2, 5]}


def test_an_empty_log_goes_out_in_every_format(tmp_path: Path) -> None:
    log = LabelLog(tmp_path / "log", "ada")
    for kind, name in NAMES.items():
        path = log.export(tmp_path / name, kind)
        assert path.stat().st_size
        with pytest.raises(BadRequest, match="has no labels"):
            import_labels(log, path, kind)


def test_names_that_tell_no_format_and_folders_that_are_not_there_are_said(tmp_path: Path) -> None:
    log = LabelLog(tmp_path / "log", "ada")
    log.put(1, "a", region=mask_region([[True]]))
    with pytest.raises(BadRequest, match=r"labels\.xlsx"):
        log.export(tmp_path / "labels.xlsx")
    with pytest.raises(BadRequest, match="there is no folder"):
        log.export(tmp_path / "nowhere" / "labels.csv")
    with pytest.raises(BadRequest, match="mask of pixels"):
        log.export(tmp_path / "labels.json", "label-studio")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log"]


def test_unknown_ids_and_classes_import_nothing(tmp_path: Path) -> None:
    log = LabelLog(tmp_path / "log", "ada", ["a"])
    before = log.digest
    (tmp_path / "in.csv").write_text("id,label\n1,a\n2,a\n77,a\n")
    with pytest.raises(UnknownName, match="1 ids that the data set lacks, 77 among them"):
        import_labels(log, tmp_path / "in.csv", ids=np.arange(5))
    (tmp_path / "in.csv").write_text("id,label\n1,a\n2,zebra\n")
    with pytest.raises(UnknownName, match="'zebra'"):
        import_labels(log, tmp_path / "in.csv")
    assert (log.digest, log.labelled(), log.label_set.names) == (before, {}, ("a",))
    assert import_labels(log, tmp_path / "in.csv", add_classes=True) == 2
    assert log.label_set.names == ("a", "zebra")


SPOILT = {
    "empty.csv": b"",
    "columns.csv": b"a,b\n1,2\n",
    "ragged.csv": b'id,label\n1,a\n2,"a\n3,a,b,c,d\n',
    "number.csv": b"id,label,confidence\n1,a,0.5\n2,a,high\n",
    "high.csv": b"id,label,confidence\n1,a,1.5\n",
    "noid.csv": b"id,label\n1,a\n,a\n",
    "region.csv": b"id,label,region\n1,a,{half\n",
    "region2.csv": b'id,label,region\n1,a,"{""kind"": ""ring""}"\n',
    "kind.csv": b"id,label,kind\n1,a,song\n",
    "huge.csv": b"id,label\n99999999999999999999,a\n",
    "latin.csv": "id,label\n1,é\n".encode("latin-1"),
    "list.csv": b'id,label\n1,"[1, 2]"\n',
    "text.parquet": b"PAR1 no parquet PAR1",
    "text.fits": b"SIMPLE  = no fits",
    "half.json": b'{"images": [',
    "number.json": b"7",
    "deep.json": b"[" * 100_000,
    "keys.json": b'{"images": [], "annotations": []}',
    "image.json": b'{"images":[],"categories":[],"annotations":[{"image_id":1,"category_id":1}]}',
    "rle.json": b'{"images":[{"id":1}],"categories":[{"id":1,"name":"a"}],"annotations":'
    b'[{"image_id":1,"category_id":1,"segmentation":{"size":[9,9],"counts":[999999999999]}}]}',
    "packed.json": b'{"images":[{"id":1}],"categories":[{"id":1,"name":"a"}],"annotations":'
    b'[{"image_id":1,"category_id":1,"segmentation":{"size":[9,9],"counts":"abc"}}]}',
    "studio.json": b'[{"id":1,"annotations":[{"result":[{"type":"brushlabels","value":{}}]}]}]',
    "studio2.json": b'[{"id":1,"annotations":[{"result":[{"type":"choices"}]}]}]',
    "labels.json": b'[{"id":1,"annotations":[{"result":[{"type":"choices","value":{"choices":[7]}}]}]}]',
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_file_is_said_and_imports_nothing(tmp_path: Path, name: str) -> None:
    log = LabelLog(tmp_path / "log", "ada")
    log.put(0, "there")
    before = log.digest
    (tmp_path / name).write_bytes(SPOILT[name])
    with pytest.raises(AstrodataError, match=name) as caught:
        import_labels(log, tmp_path / name)
    assert isinstance(caught.value, DamagedFile | BadRequest)
    assert "nothing was taken" in str(caught.value)
    assert (log.digest, log.labelled()) == (before, {0: "there"})


@pytest.mark.parametrize("name", ["labels.csv", "labels.parquet", "labels.fits", "labels.json"])
def test_a_file_that_is_cut_short_imports_nothing(tmp_path: Path, name: str) -> None:
    log = LabelLog(tmp_path / "log", "ada")
    log.put(list(range(300)), "a", "a note that fills some space", score=1.0)
    path = log.export(tmp_path / name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 7])
    other = LabelLog(tmp_path / "other", "ada")
    with pytest.raises((DamagedFile, BadRequest), match=name):
        import_labels(other, path)
    assert other.events().empty


def test_a_fits_file_whose_bytes_changed_is_refused(tmp_path: Path) -> None:
    log = LabelLog(tmp_path / "log", "ada")
    log.put([1, 2], "aaaa")
    path = log.export(tmp_path / "labels.fits")
    path.write_bytes(path.read_bytes().replace(b"aaaa", b"aaab", 1))
    with pytest.raises(DamagedFile, match=r"labels\.fits is damaged"):
        import_labels(log, path)
    fits.PrimaryHDU(np.eye(3)).writeto(tmp_path / "image.fits")
    with pytest.raises(DamagedFile, match="there is no table"):
        import_labels(log, tmp_path / "image.fits")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    log = LabelLog(tmp_path / "log", "ada")
    with pytest.raises(UnreadableFile, match=r"gone\.csv"):
        import_labels(log, tmp_path / "gone.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UnreadableFile, match=r"folder\.csv"):
        import_labels(log, tmp_path / "folder.csv")
