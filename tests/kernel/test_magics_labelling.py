"""Labels in magics: explore the latents, label events, list what is labelled."""

from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pandas as pd
import pytest
from astrodata_kernel import labels
from astrodata_kernel.magics import astro
from astrodata_kernel.testing.synthetic import pulses
from code_of_magics import made_by_code

M13 = Path(__file__).parent.parent / "data" / "compressed" / "m13.fits"


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'runs.db'}")
    np.save("traces.npy", pulses(40))
    np.save("my traces.npy", pulses(12, seed=3))
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=30), "b": 1e6 * rng.normal(size=30)})
    frame.assign(name=[f"n{i}" for i in range(30)]).to_csv("table.csv", index=False)
    return tmp_path


@pytest.fixture
def model(workspace: Path):
    """A model of the workspace that tells traces apart, called "first"."""
    pytest.importorskip("keras")
    from astrodata_kernel.models import save, waveform_cae

    made = waveform_cae(512)
    rng = np.random.default_rng(1)
    made.set_weights([0.4 * rng.standard_normal(w.shape) for w in made.get_weights()])
    folder = workspace / "astrodata" / "models"
    folder.mkdir(parents=True)
    save(made, folder / "first.keras")
    return made


class TestLabel:
    def test_a_session_begins_with_its_classes(self, capsys, workspace) -> None:
        labeller = astro("label traces.npy --classes normal,anomaly")
        assert isinstance(labeller, adk.Labeller)
        assert labeller.events.kind == "waveforms"
        assert labeller.log.label_set.names == ("normal", "anomaly")
        assert labeller.log.annotator == "ada"
        assert labeller.blind is False
        assert workspace in labeller.log.folder.parents
        assert "traces: begins in" in capsys.readouterr().out
        [session] = labels.sessions()
        assert (session.name, session.dataset["name"]) == ("traces", "traces")

    def test_a_session_goes_on_without_its_classes(self, capsys) -> None:
        first = astro("label traces.npy --classes normal,anomaly")
        first.log.put([3, 4], "anomaly")
        capsys.readouterr()
        second = astro("label traces.npy")
        assert second.remaining == 38
        assert second.log.labelled() == {3: "anomaly", 4: "anomaly"}
        assert "traces: goes on in" in capsys.readouterr().out
        assert len(labels.sessions()) == 1

    def test_one_data_set_has_several_sessions_under_names_of_their_own(self) -> None:
        astro('label "my traces.npy" --classes "big pulse, small pulse" --session sizes')
        astro('label "my traces.npy" --classes good,bad --session quality --blind')
        assert {one.name: one.dataset["name"] for one in labels.sessions()} == {
            "sizes": "my traces",
            "quality": "my traces",
        }
        assert labels.session("sizes").label_set.names == ("big pulse", "small pulse")

    def test_blind_hides_what_others_said(self) -> None:
        assert astro("label traces.npy --blind --classes a,b").blind is True

    def test_its_data_set_is_in_the_catalogue_from_then_on(self) -> None:
        astro("label traces.npy --classes a,b")
        assert [entry.name for entry in adk.Catalog()] == ["traces"]
        astro("add table.csv --name 'my table'")
        labeller = astro("label 'my table' --classes a,b")
        assert labeller.events.kind == "rows"
        assert {one.dataset["name"] for one in labels.sessions()} == {"traces", "my table"}

    def test_a_random_order_needs_no_encoder(self) -> None:
        labeller = astro("label traces.npy --classes a,b --queue random")
        asked = [one["row"] for one in labeller.request("state").meta["ahead"]]
        assert asked != sorted(asked)
        again = astro("label traces.npy --queue random")
        assert [one["row"] for one in again.request("state").meta["ahead"]] == asked

    def test_rows_are_asked_by_their_own_numbers(self) -> None:
        labeller = astro("label table.csv --classes normal,anomaly --queue anomaly")
        assert labeller.remaining > 0

    def test_traces_are_asked_by_their_latents(self, capsys, model) -> None:
        assert astro("label traces.npy --classes normal,anomaly --queue anomaly") is None
        assert "or --encoder MODEL; there are: first" in capsys.readouterr().out
        made = astro("label traces.npy --classes normal,anomaly --queue anomaly --encoder first")
        assert made.remaining > 0
        # From now on the latents are there.
        assert astro("label traces.npy --queue uncertainty").remaining > 0

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("label traces.npy", "a new one needs classes"),
            ("label traces.npy --classes a,a", "--classes a,a is no list of different names"),
            ("label traces.npy --classes a,,b", "different names"),
            ("label traces.npy --classes", "--classes needs a value"),
            ("label traces.npy --clases a,b", "did you mean '--classes'?"),
            ("label traces.npy --blind=yes --classes a,b", "--blind takes no value"),
            ("label traces.npy --blimd --classes a,b", "did you mean '--blind'?"),
            ("label traces.npy --classes a,b --queue best", "there is no strategy 'best'"),
            ("label missing.npy --classes a,b", "does not exist"),
            ("label --classes a,b", "takes PATH|NAME behind it, 0 came"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_begins(self, capsys, line, said) -> None:
        assert astro(line) is None
        assert said in capsys.readouterr().out
        assert labels.sessions() == []

    def test_a_session_that_is_misspelt_is_suggested_and_not_made(self, capsys) -> None:
        astro("label traces.npy --classes a,b --session quality")
        capsys.readouterr()
        assert astro("label traces.npy --session qualitty") is None
        assert "did you mean 'quality'?" in capsys.readouterr().out
        assert len(labels.sessions()) == 1

    def test_a_picture_of_one_scene_has_no_events_but_its_pieces_do(self, capsys) -> None:
        Path("m13.fits").write_bytes(M13.read_bytes())
        assert astro("label m13.fits --classes a,b") is None
        assert "adk.processing.raster.cutouts" in capsys.readouterr().out


class TestExplore:
    def test_a_data_set_is_encoded_and_mapped(self, capsys, model, workspace) -> None:
        explorer = astro("explore traces.npy --encoder first")
        assert isinstance(explorer, adk.LatentExplorer)
        assert explorer.tab == "map"
        assert len(explorer.events) == 40
        assert "40 latents, kept in" in capsys.readouterr().out
        kept = adk.latent.Latents.load(workspace / "astrodata/latents/traces-first.parquet")
        np.testing.assert_allclose(kept.z, model.encoder.predict(pulses(40), verbose=0), atol=1e-5)

    def test_what_is_encoded_is_not_encoded_again(self, capsys, model) -> None:
        astro("explore traces.npy --encoder first")
        capsys.readouterr()
        assert isinstance(astro("explore traces.npy --encoder first"), adk.LatentExplorer)
        assert isinstance(astro("explore traces.npy"), adk.LatentExplorer)
        assert "kept in" not in capsys.readouterr().out
        np.save("traces.npy", pulses(41))
        astro("explore traces.npy --encoder first")
        assert "41 latents, kept in" in capsys.readouterr().out

    def test_a_projection_is_what_the_map_shows(self, capsys, model) -> None:
        line = "explore traces.npy --encoder first --method pca"
        for explorer in (astro(line), made_by_code(astro, line, capsys)):
            assert (explorer.x, explorer.y) == ("pca0", "pca1")

    def test_the_labels_of_a_session_are_on_the_map(self, model) -> None:
        astro("label traces.npy --classes normal,anomaly").log.put([1, 2], "anomaly")
        explorer = astro("explore traces.npy --encoder first --labels traces")
        assert explorer.color == "label"
        assert explorer.labels.labelled() == {1: "anomaly", 2: "anomaly"}

    def test_rows_are_mapped_by_their_own_numbers(self) -> None:
        explorer = astro("explore table.csv")
        assert (explorer.x, explorer.y) == ("a", "b")

    def test_a_run_is_an_encoder_by_its_name_and_by_its_id(self, model) -> None:
        pytest.importorskip("mlflow")
        from astrodata_kernel.models import save
        from astrodata_kernel.training.tracking import Tracker

        with Tracker(name="night shift").run() as run:
            Path("run").mkdir()
            save(model, Path("run") / "model.keras")
            run.artifacts("run")
        for word in ('"night shift"', run.ident):
            assert isinstance(astro(f"explore traces.npy --encoder {word}"), adk.LatentExplorer)

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("explore traces.npy", "or --encoder MODEL; there are: first"),
            ("explore traces.npy --encoder frist", "did you mean 'first'?"),
            ("explore traces.npy --encoder first --method umpa", "did you mean 'umap'?"),
            ("explore traces.npy --encoder first --labels x", "there is no label session 'x'"),
        ],
    )
    def test_what_is_wrong_is_said_in_a_sentence(self, capsys, model, line, said) -> None:
        assert astro(line) is None
        assert said in capsys.readouterr().out
        assert labels.sessions() == []

    def test_looking_for_runs_makes_no_database(self, capsys, workspace) -> None:
        assert astro("explore traces.npy --encoder first") is None
        assert "there are: none yet" in capsys.readouterr().out
        assert not (workspace / "runs.db").exists()


class TestLabels:
    def test_sessions_are_listed_as_a_table(self) -> None:
        astro("label traces.npy --classes normal,anomaly").log.put([1, 2], "anomaly")
        astro("label table.csv --classes good,bad --session quality")
        table = astro("labels").set_index("session")
        assert table.loc["traces", "dataset"] == "traces"
        assert table.loc["traces", "labels"] == 2
        assert table.loc["traces", "classes"] == "normal 0, anomaly 2"
        assert table.loc["traces", "annotators"] == "ada 2"
        assert table.loc["quality", "labels"] == 0

    def test_all_labels_of_a_data_set_are_one_table(self, capsys) -> None:
        astro("label traces.npy --classes normal,anomaly").log.put([1, 2], "anomaly")
        astro("label traces.npy --classes good,bad --session quality").log.put(7, "bad")
        capsys.readouterr()
        for word in ("traces", "traces.npy"):
            table = astro(f"labels {word}")
            assert list(table.columns[:4]) == ["session", "id", "label", "annotator"]
            assert {(r.session, r.id, r.label) for r in table.itertuples()} == {
                ("traces", 1, "anomaly"),
                ("traces", 2, "anomaly"),
                ("quality", 7, "bad"),
            }
        assert "quality: good 0, bad 1" in capsys.readouterr().out

    def test_a_session_is_asked_for_by_its_own_name_too(self) -> None:
        astro("label traces.npy --classes good,bad --session quality").log.put(7, "bad")
        assert astro("labels quality").id.tolist() == [7]

    def test_without_labels_it_says_how_to_begin(self, capsys) -> None:
        assert astro("labels").empty
        assert "%astro label PATH|NAME --classes" in capsys.readouterr().out
        assert astro("labels traces.npy") is None
        assert "begin: %astro label traces.npy --classes" in capsys.readouterr().out

    def test_looking_leaves_no_trace(self, workspace) -> None:
        astro("labels")
        assert not (workspace / "astrodata").exists()
