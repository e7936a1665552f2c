import base64
import io
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.errors import BadRequest, MissingPackage, UnknownName, UnreadableFile
from astrodata_kernel.labels import LabelLog
from astrodata_kernel.latent import Garage, Latents, rate
from astrodata_kernel.latent.scores import calibrate
from astrodata_kernel.reports import explorer_app, rasters, report
from astrodata_kernel.reports import needs as needs_module
from astrodata_kernel.reports.looks import LOOKS, PALETTE, colours_of
from astrodata_kernel.reports.maps import sample
from astrodata_kernel.reports.origins import commit_of
from astrodata_kernel.reports.points import points_of

EVIL = "<script>window.hit=1</script>"
IMAGE = '"><img src=x onerror="window.hit=1">'
TEX = r"$$\frac{a}{b}$$"


@pytest.fixture
def z() -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(600, 3)).astype("f4")
    z[np.arange(600) % 10 == 0] += [5, 2, 0]
    return z


@pytest.fixture
def truth() -> np.ndarray[Any, Any]:
    return np.arange(600) % 10 == 0


class Page(HTMLParser):
    """What a browser would find in a page: elements with their attributes, and text outside of scripts."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text, self._inside = "", ""
        self.raw = path.read_text("utf-8")
        self.feed(self.raw)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside not in ("script", "style"):
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_a_page_has_map_scores_rates_labels_gallery_and_provenance(z, truth, tmp_path) -> None:
    log = LabelLog(tmp_path / "log", annotator="ada", classes=["noise", "pulse"])
    log.put(np.flatnonzero(~truth)[:200].tolist(), "noise")
    log.put(np.flatnonzero(truth).tolist(), "pulse")
    distance = np.sqrt((z.astype(float) ** 2).sum(axis=1))
    path = report(
        Latents(z, facts={"data": "ab" * 32, "encoder": "cd" * 32}),
        tmp_path / "page.html",
        events=np.random.default_rng(1).normal(size=(600, 50)).astype("f4"),
        labels=log,
        scores={"distance": distance},
        garage=Garage.fit(z[~truth]),
        calibrations={"distance": calibrate(distance, distance[~truth], 0.02)},
        positive="pulse",
        title="All of it",
    )
    page = Page(path)
    parts = [section["id"] for section in page.all("section")]
    assert parts == ["map", "scores", "rates", "labels", "gallery", "provenance"]
    assert "ab" * 32 in page.text
    assert "cd" * 32 in page.text
    assert Latents(z).digest in page.text
    assert log.digest in page.text
    assert "pandas" in page.text
    outside = ~Garage.fit(z[~truth]).contains(z)
    false, true = rate(outside[np.flatnonzero(~truth)[:200]]), rate(outside[truth])
    for one in (false, true):
        assert f"{100 * one.value:.2f} % [{100 * one.low:.2f}, {100 * one.high:.2f}]" in page.text
    pictures = [a["src"] for a in page.all("img")]
    assert len(pictures) == 48  # 24 of each class
    assert path.stat().st_size < 2_500_000


def test_a_page_loads_nothing_from_anywhere_and_forbids_it(z, tmp_path) -> None:
    page = Page(report(z, tmp_path / "page.html", events=np.zeros((600, 8, 8), "f4")))
    for _, attributes in page.elements:
        for name in ("src", "href", "data", "action", "srcset"):
            value = attributes.get(name) or "#"
            assert value.startswith(("#", "data:image/png;base64,")), (name, value)
    assert not page.all("link")
    assert "url(" not in page.raw.split("<style>")[1].split("</style>")[0]
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv"))
    assert policy.startswith("default-src 'none'")
    assert "unsafe-eval" not in policy
    assert "http" not in policy
    # Each script is one that the policy knows.
    assert {s["nonce"] for s in page.all("script")} == set(re.findall("nonce-([^']+)", policy))


def test_text_from_outside_is_text_in_the_page_whatever_it_says(z, truth, tmp_path) -> None:
    names = [f"noise {EVIL}", f"pulse {IMAGE}", TEX]
    log = LabelLog(tmp_path / "log", annotator=f"ada {EVIL}", classes=names)
    ids = [f"{i} {EVIL} {IMAGE}" for i in range(600)]
    log.put(ids[:20], names[0], note=EVIL)
    log.put(ids[20:40], names[1])
    log.put(ids[40:60], names[2])
    z[3] = np.nan
    latents = Latents(
        z,
        ids,
        columns={f"run {EVIL}": [f"{EVIL}{i % 3}" for i in range(600)]},
        facts={"data": EVIL, f"more {IMAGE}": {"nested": [EVIL]}},
    )
    path = report(
        latents,
        tmp_path / "page.html",
        events=np.zeros((600, 20), "f4"),
        labels=log,
        scores={f"score {EVIL}": np.arange(600.0)},
        garage=Garage.fit(z),
        title=f"Title {EVIL}",
        notes=IMAGE,
        positive=names[1],
    )
    page = Page(path)
    assert len(page.all("script")) == 2  # Bokeh's and ours
    assert all(str(a["src"]).startswith("data:image/png;base64,") for a in page.all("img"))
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert "window.hit" not in re.sub(
        r"&lt;script&gt;window.hit=1|onerror=&#34;window.hit=1",
        "",
        (page.raw.split("<body>")[1].split("<script")[0]),
    )
    for text in (f"Title {EVIL}", *names, f"ada {EVIL}", f"score {EVIL}"):
        assert text in page.text


def test_many_points_are_a_picture_under_a_sample_with_what_counts(z, tmp_path) -> None:
    rng = np.random.default_rng(0)
    many = rng.normal(size=(200_000, 2)).astype("f4")
    labels = {int(i): "rare" for i in range(7)} | {int(i): "usual" for i in range(7, 90_000)}
    score = rng.normal(size=200_000)
    points = points_of(many, labels=labels, scores={"score": score})
    shown = sample(points, np.arange(200_000), 4000)
    assert len(shown) == len(set(shown.tolist())) == 4000
    assert set(range(7)) <= set(shown.tolist())
    assert int(score.argmax()) in shown
    assert np.array_equal(shown, sample(points, np.arange(200_000), 4000))
    path = report(
        many, tmp_path / "many.html", labels=labels, scores={"score": score}, max_points=4000
    )
    page = Page(path)
    assert "density of all 200,000 points" in page.text
    assert path.stat().st_size < 4_000_000
    few = Page(report(many, tmp_path / "few.html", max_points=200_000))
    assert "density of all" not in few.text


def test_counts_and_agreement_of_several_annotators_stand_in_the_page(z, tmp_path) -> None:
    ada = LabelLog(tmp_path / "log", annotator="ada", classes=["noise", "pulse"])
    bob = LabelLog(tmp_path / "log", annotator="bob")
    ada.put(list(range(30)), "noise")
    ada.put(list(range(30, 50)), "pulse")
    bob.put(list(range(25)), "noise")
    bob.put(list(range(25, 50)), "pulse")
    ada.put(10_000_000, "noise")
    ada.refresh()
    page = Page(report(z, tmp_path / "page.html", labels=ada))
    assert "Krippendorff" in page.text
    assert "Cohen" in page.text
    assert re.search(r"5 events are disputed", page.text)
    assert re.search(r"ada and bob\s*50\s*90.00 %\s*0.\d{3}", page.text)
    assert "not among these points: 1" in page.text


def test_points_that_are_not_finite_are_counted_listed_and_left_out(z, tmp_path) -> None:
    z[[4, 9]] = np.nan
    z[11, 1] = np.inf
    page = Page(report(z, tmp_path / "page.html"))
    assert "3not finite, left out" in page.text
    assert "Not finite and left out: 4, 9, 11." in page.text
    assert "597 points" in page.text


@pytest.mark.parametrize(
    "odd",
    [
        np.zeros((500, 2)),
        np.full((5, 3), np.nan),
        np.arange(50.0)[:, None],
        np.random.default_rng(0).normal(size=(80, 512)),
        np.array([[1e300, -1e300], [0.0, 1.0]]),
        np.array([[1.0, 2.0]]),
    ],
    ids=["identical", "all NaN", "one latent", "512 latents", "huge", "one point"],
)
def test_odd_latents_make_a_page_and_an_application(odd, tmp_path) -> None:
    kept = report(odd, tmp_path / "odd.html", scores={"score": np.zeros(len(odd))}, labels={0: "a"})
    assert kept.stat().st_size > 1_000_000
    kept = report(odd, tmp_path / "odd.html", max_points=1, theme="dark")
    assert explorer_app(odd, labels={0: "a"}).explorer.count == 0


def test_what_is_wrong_is_said_and_nothing_is_written(z, tmp_path) -> None:
    path = tmp_path / "page.html"
    with pytest.raises(BadRequest, match="give 'light' or 'dark'"):
        report(z, path, theme="blue")
    with pytest.raises(UnknownName, match="no column 'speed'"):
        report(z, path, columns=["speed"])
    with pytest.raises(UnknownName, match="no axis 'umap0'; there are z0"):
        report(z, path, axes=("umap0", "umap1"))
    with pytest.raises(BadRequest, match="600 points"):
        report(z, path, scores={"score": [1.0, 2.0]})
    with pytest.raises(UnknownName, match="no column 'knn'"):
        report(z, path, scores=["knn"])
    with pytest.raises(UnknownName, match="which is no score"):
        report(z, path, calibrations={"knn": None})
    with pytest.raises(UnknownName, match="no class 'x'; there are pulse"):
        report(z, path, labels={1: "pulse"}, garage=Garage.fit(z), positive="x")
    with pytest.raises(BadRequest, match="there is no point"):
        report(np.empty((0, 2)), path)
    with pytest.raises(BadRequest, match="max_points"):
        report(z, path, max_points=0)
    assert not path.exists()
    with pytest.raises(UnreadableFile, match="cannot be written"):
        report(z, tmp_path / "nowhere" / "page.html")


def test_a_missing_package_is_named_with_the_extra_that_has_it(z, tmp_path, monkeypatch) -> None:
    real = needs_module.find_spec
    monkeypatch.setattr(
        needs_module, "find_spec", lambda name: None if name in ("panel", "bokeh") else real(name)
    )
    with pytest.raises(MissingPackage, match=r'bokeh.*pip install "astrodata-lab\[viz\]"'):
        report(z, tmp_path / "page.html")
    with pytest.raises(MissingPackage, match=r"panel, bokeh, which are not installed"):
        explorer_app(z)


def test_the_room_is_imported_without_what_draws() -> None:
    code = (
        "import sys, astrodata_kernel.reports, astrodata_kernel.reports.pages\n"
        "heavy = {'panel', 'holoviews', 'bokeh', 'datashader', 'pandas', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_each_pixel_counts_its_points_and_those_in_view_are_counted(z) -> None:
    cloud = rasters.Cloud(z[:, 0], z[:, 1], rasters.Colouring())
    pixels, count = cloud.picture((-1, 1), (-1, 1), 60, 40, LOOKS["light"])
    inside = (np.abs(z[:, 0]) <= 1) & (np.abs(z[:, 1]) <= 1)
    assert pixels.shape == (40, 60, 4)
    assert count == inside.sum()
    assert (pixels[..., 3] > 0).any()
    empty, none = cloud.picture((90, 91), (90, 91), 60, 40, LOOKS["dark"])
    assert none == 0
    assert not empty[..., 3].any()


@pytest.mark.parametrize("kind", ["count", "classes", "values"])
def test_the_picture_by_dask_is_the_picture_by_pandas(z, kind, monkeypatch) -> None:
    colouring = {
        "count": rasters.Colouring(),
        "classes": rasters.Colouring(
            codes=np.arange(600) % 4 - 1, names=["a", "b", "c"], colours=list(PALETTE[:3])
        ),
        "values": rasters.Colouring(values=z[:, 2], low=-2, high=2),
    }[kind]
    chosen = z[:, 0] > 0
    z[5] = np.nan

    def picture() -> np.ndarray[Any, Any]:
        cloud = rasters.Cloud(z[:, 0], z[:, 1], colouring, chosen)
        return cloud.picture((-3, 7), (-3, 5), 90, 60, LOOKS["dark"])[0]

    whole = picture()
    monkeypatch.setattr(rasters, "LARGE", 100)
    shared = picture().astype(int)
    assert np.abs(whole.astype(int) - shared).max() <= 1  # sums of floats in another order


def test_a_map_shows_the_newest_projection_unless_told_otherwise(z) -> None:
    latents = Latents(z, columns={"pca0": z[:, 0], "pca1": z[:, 1]})
    latents = latents.with_columns(umap0=z[:, 2], umap1=z[:, 0])
    assert points_of(latents).axes() == ("umap0", "umap1")
    assert points_of(latents).axes(("z0", "pca1")) == ("z0", "pca1")
    assert points_of(z).axes() == ("z0", "z1")
    assert points_of(z[:, :1], scores={"knn": z[:, 1]}).axes() == ("z0", "knn")


def test_events_are_found_by_their_ids_in_any_order(z) -> None:
    from astrodata_kernel.processing.events import events_of

    order = np.random.default_rng(0).permutation(600)
    events = events_of(np.zeros((600, 9), "f4"), ids=order)
    points = points_of(Latents(z[:50], ids=np.arange(580, 630)), events=events)
    rows = points.event_rows(np.arange(50))
    assert np.array_equal(order[rows[:20]], np.arange(580, 600))
    assert (rows[20:] == -1).all()


def test_a_colour_that_is_none_does_not_reach_the_page() -> None:
    assert colours_of(3, ["#12ab34", "red;background:url(x)", None]) == ["#12ab34", *PALETTE[1:3]]


def test_the_commit_is_read_from_gits_files_without_running_git(tmp_path) -> None:
    kept, commit = tmp_path / ".git", "0123456789abcdef0123456789abcdef01234567"
    assert commit_of(tmp_path) in ("", commit_of(tmp_path.parent))
    (kept / "refs/heads").mkdir(parents=True)
    (kept / "HEAD").write_text("ref: refs/heads/main\n")
    assert commit_of(tmp_path) == ""
    (kept / "packed-refs").write_text(f"# pack-refs\n{commit} refs/heads/main\n")
    (tmp_path / "deep").mkdir()
    assert commit_of(tmp_path / "deep") == commit
    (kept / "refs/heads/main").write_text("f" * 40 + "\n")
    assert commit_of(tmp_path) == "f" * 40
    (kept / "HEAD").write_text(commit)
    assert commit_of(tmp_path) == commit
    (kept / "HEAD").write_text("ref: refs/../../secret")
    assert commit_of(tmp_path) == ""


def test_the_application_selects_by_box_lasso_and_condition(z) -> None:
    explorer = explorer_app(z, scores={"score": z[:, 2]}).explorer
    explorer._boxed((0, -1, 2, 1))
    box = (z[:, 0] >= 0) & (z[:, 0] <= 2) & (z[:, 1] >= -1) & (z[:, 1] <= 1)
    assert np.array_equal(explorer.selected, np.flatnonzero(box))
    assert f"{box.sum()} of 600 selected" in explorer.status.object
    assert len(explorer.table.value) == box.sum()
    assert explorer.table.value["c0"].is_monotonic_decreasing  # sorted by the score
    explorer.op.value = "Subtract"
    explorer._lassoed([[0, -1], [1, -1], [1, 1], [0, 1]])
    assert set(explorer.selected) == set(np.flatnonzero(box & (z[:, 0] > 1)))
    explorer.op.value = "New"
    explorer.where.value = "score > 1 & z0 < 0"
    assert np.array_equal(explorer.selected, np.flatnonzero((z[:, 2] > 1) & (z[:, 0] < 0)))
    explorer.where.value = "__import__('os').system('true')"
    assert 'class="wrong"' in explorer.status.object
    assert np.array_equal(explorer.selected, np.flatnonzero((z[:, 2] > 1) & (z[:, 0] < 0)))
    explorer.clear.clicks += 1
    assert explorer.count == 0
    assert len(explorer.table.value) == 0


def test_the_application_shows_the_pictures_and_the_facts_of_what_is_selected(z) -> None:
    events = np.random.default_rng(0).normal(size=(600, 40)).astype("f4")
    explorer = explorer_app(z, events, scores={"score": z[:, 2]}).explorer
    explorer.select({"where": "score > 1.5"})
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', explorer.gallery.object)
    assert len(pictures) == min(24, explorer.count)
    from PIL import Image

    assert Image.open(io.BytesIO(base64.b64decode(pictures[0]))).size == (132, 72)
    explorer._tell(int(explorer.shown[0]))
    assert f"event {explorer.shown[0]}" in explorer.facts.object


def test_labels_from_the_application_are_in_the_log_under_each_ones_name(z, tmp_path) -> None:
    log = LabelLog(tmp_path / "log", annotator="ada", classes=["noise", f"pulse {EVIL}"])
    explorer = explorer_app(z, labels=log).explorer
    explorer._try(explorer._label_now)
    assert "nothing is selected" in explorer.status.object
    explorer.select({"where": "z0 > 4"})
    chosen = set(explorer.selected.tolist())
    explorer.class_name.value = f"pulse {EVIL}"
    explorer.annotator.value = "bob"
    explorer.note.value = IMAGE
    explorer._try(explorer._label_now)
    assert EVIL not in explorer.status.object
    assert EVIL not in explorer.legend.object
    log.refresh()
    table = log.table()
    assert set(table["id"]) == chosen
    assert set(table["annotator"]) == {"bob"}
    assert set(table["note"]) == {IMAGE}
    assert (explorer.points.labelled.codes[sorted(chosen)] == 1).all()
    explorer._try(lambda: explorer._turn_back("undo"))
    log.refresh()
    assert not len(log.table())
    explorer._try(lambda: explorer._turn_back("redo"))
    log.refresh()
    assert set(log.table()["id"]) == chosen


def test_what_colleagues_wrote_meanwhile_is_counted_after_the_next_label(z, tmp_path) -> None:
    log = LabelLog(tmp_path / "log", annotator="ada", classes=["noise", "pulse"])
    explorer = explorer_app(z, labels=log).explorer
    LabelLog(tmp_path / "log", annotator="bob").put([1, 2, 3], "pulse")
    explorer.select({"where": "z0 > 4"})
    explorer.label("noise")
    counts = dict(
        zip(explorer.points.labelled.names, explorer.points.labelled.counts(), strict=True)
    )
    assert counts["pulse"] >= 1


def test_a_frame_of_scores_and_a_table_of_latents_do_as_well(z, tmp_path) -> None:
    frame = pd.DataFrame(z, columns=["z0", "z1", "z2"]).assign(id=[f"e{i}" for i in range(600)])
    scores = pd.DataFrame({"knn": z[:, 0], "kde": z[:, 1]})
    page = Page(report(frame, tmp_path / "page.html", scores=scores, labels={"e3": "odd"}))
    assert "knn" in page.text
    assert "kde" in page.text
