"""The loop from labels to a classifier: at once, in the background, on a cluster, into MLflow."""

import threading
import warnings

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, UnknownName
from astrodata_kernel.labels import LabelLog
from astrodata_kernel.latent import Latents
from astrodata_kernel.learning import Learner, curve, curve_figure, load_classifier
from astrodata_kernel.learning.background import Newest
from astrodata_kernel.training import Tracker

RNG = np.random.default_rng(5)
Z = np.concatenate([RNG.normal(size=(400, 3)), RNG.normal(size=(20, 3)) * 0.3 + 4])
SOUGHT = np.arange(len(Z)) >= 400
SCORES = np.linalg.norm(Z, axis=1)
IDS = np.arange(len(Z)) * 7 + 1000


@pytest.fixture
def log(tmp_path):
    return LabelLog(tmp_path / "labels", annotator="ada", classes=["noise", "glitch"])


def learner_of(log, **options):
    return Learner(Latents(Z, ids=IDS), log, positive="glitch", scores=SCORES, **options)


def label(log, ids, source="python"):
    for ident in ids:
        row = (int(ident) - 1000) // 7
        log.put(int(ident), "glitch" if SOUGHT[row] else "noise", source=source)


@pytest.mark.parametrize("model", ["random_forest", "head"])
def test_a_learner_orders_events_by_what_its_labels_say(log, model):
    learner = learner_of(log, model=model)
    label(log, IDS[[*range(30), 400, 401]])
    learner.update()
    assert learner.classifier.classes == ("glitch", "noise")
    assert set(learner.order[:20].tolist()) == set(range(400, 420))
    assert ((learner.scores >= 0) & (learner.scores <= 1)).all()


def test_before_there_are_two_classes_the_anomaly_score_orders(log):
    learner = learner_of(log)
    np.testing.assert_array_equal(learner.order, np.argsort(-SCORES, kind="stable"))
    label(log, IDS[:10])
    learner.update()
    assert learner.classifier is None
    np.testing.assert_array_equal(learner.order, np.argsort(-SCORES, kind="stable"))


def test_points_that_are_not_finite_come_last_and_have_no_score(log):
    z = Z.copy()
    z[3, 1] = np.nan
    learner = Learner(Latents(z, ids=IDS), log, positive="glitch", scores=SCORES)
    label(log, IDS[[0, 1, 3, 400]])
    learner.update()
    assert learner.order[-1] == 3
    assert np.flatnonzero(np.isnan(learner.scores)).tolist() == [3]


def test_labels_of_all_annotators_teach_and_a_verdict_decides(log, tmp_path):
    other = LabelLog(tmp_path / "labels", annotator="bob")
    label(other, IDS[400:405])
    label(log, IDS[:20])
    log.put(int(IDS[400]), "noise")
    log.adjudicate(int(IDS[400]), "glitch")
    learner = learner_of(log)
    learner.update()
    assert len(learner.learnt.targets) == 25
    assert learner.learnt.targets.found == 5


def test_what_is_learnt_in_the_background_is_what_is_learnt_at_once(log):
    label(log, IDS[[*range(30), 400, 401]])
    one, other = learner_of(log), learner_of(log)
    told = []
    other.watch(lambda learner: told.append(learner.learnt.turn))
    one.update()
    other.update_soon()
    assert other.wait(60)
    assert other.error is None
    np.testing.assert_array_equal(one.scores, other.scores)
    assert told == [1]


def test_of_orders_that_wait_the_newest_is_done(log, monkeypatch):
    learner = learner_of(log)
    label(log, IDS[[*range(10), 400]])
    begun, go_on = threading.Event(), threading.Event()
    learn, turns = learner._learn, []

    def slowly(labels, turn, digest, cancelled):
        turns.append(turn)
        begun.set()
        assert go_on.wait(60)
        learn(labels, turn, digest, cancelled)

    monkeypatch.setattr(learner, "_learn", slowly)
    learner.update_soon()
    assert begun.wait(60)
    for ident in IDS[401:406]:
        label(log, [ident])
        learner.update_soon()
    assert learner.busy
    go_on.set()
    assert learner.wait(60)
    assert turns == [1, 6]
    assert learner.learnt.targets.found == 6


def test_an_older_order_does_not_undo_a_newer_one(log):
    learner = learner_of(log)
    label(log, IDS[[*range(10), 400]])
    old = learner._order()
    label(log, IDS[401:405])
    learner.update()
    learner._learn(*old, lambda: None)
    assert learner.learnt.targets.found == 5


def test_learning_that_is_given_up_leaves_what_there_was(log, monkeypatch):
    from astrodata_kernel.learning import learners

    learner = learner_of(log)
    label(log, IDS[[*range(10), 400]])
    learner.update()
    before = learner.learnt
    begun, go_on = threading.Event(), threading.Event()
    fit = learners.Classifier.fit

    def slowly(*arguments, cancelled, **options):
        begun.set()
        assert go_on.wait(60)
        return fit(*arguments, cancelled=cancelled, **options)

    monkeypatch.setattr(learners.Classifier, "fit", slowly)
    label(log, IDS[401:405])
    learner.update_soon()
    assert begun.wait(60)
    learner.cancel()
    go_on.set()
    assert learner.wait(60)
    assert learner.learnt is before
    assert learner.error is None


def test_what_goes_wrong_in_the_background_is_kept_and_told(log, monkeypatch):
    from astrodata_kernel.learning import learners

    learner = learner_of(log)
    label(log, IDS[[*range(10), 400]])
    told = []
    learner.watch(lambda each: told.append(str(each.error)))

    def broken(*arguments, **options):
        raise MemoryError("no room")

    monkeypatch.setattr(learners.Classifier, "fit", broken)
    learner.update_soon()
    assert learner.wait(60)
    assert str(learner.error) == "no room"
    assert told == ["no room"]
    monkeypatch.undo()
    learner.update_soon()
    assert learner.wait(60)
    assert learner.error is None
    assert learner.classifier is not None


def test_the_background_works_again_after_it_was_done():
    background, done = Newest("test"), []
    for number in range(3):
        background.start(lambda check, number=number: done.append(number))
        assert background.wait(60)
    assert done == [0, 1, 2]


def test_a_watcher_that_fails_does_not_end_the_learning():
    def broken():
        raise ValueError("watcher")

    background, done = Newest("test", broken), []
    background.start(lambda check: done.append(1))
    assert background.wait(60)
    assert str(background.error) == "watcher"
    background.start(lambda check: done.append(2))
    assert background.wait(60)
    assert done == [1, 2]


def test_a_whole_session_finds_the_sought_events_long_before_a_random_order(log):
    learner = learner_of(log)
    for _ in range(4):
        made = learner.queue(15)
        for ident in made:
            label(log, [ident], made.source_of(ident))
        learner.update()
    frame = learner.curve(present=20)
    assert frame.columns.tolist() == [
        "spent", "found", "found_random", "random_low", "random_high",
    ]  # fmt: skip
    assert frame.spent.tolist() == list(range(61))
    assert frame.found.iloc[-1] == 20
    assert frame.found.iloc[-1] > frame.random_high.iloc[-1]
    found = learner.rate()
    assert found.total >= 8
    assert found.low <= SOUGHT.mean() <= found.high
    sources = log.table().source
    assert set(sources) == {"queue:random", "queue:guided"}
    assert f"{len(log.labelled())} labelled, 20 found" in repr(learner)


def test_the_curve_counts_an_event_once_and_its_last_label(log):
    log.put(1, "glitch")
    log.put(2, "noise")
    log.put(1, "noise")
    log.put(3, "glitch")
    log.undo()
    log.put(2, "glitch")
    made = curve(log, total=10, positive="glitch", present=4)
    assert made.found.tolist() == [0, 0, 1]
    assert made.found_random.tolist() == pytest.approx([0, 0.4, 0.8])


def test_the_random_band_holds_95_of_100_random_orders():
    truth = np.arange(300) < 40
    labels = {i: "signal" if truth[i] else "noise" for i in range(120)}
    made = curve(labels, total=300, present=40)
    rng = np.random.default_rng(0)
    runs = np.array([np.cumsum(rng.permutation(truth))[:120] for _ in range(2000)])
    np.testing.assert_allclose(runs.mean(axis=0), made.found_random[1:], atol=0.2)
    inside = (runs >= made.random_low[1:].to_numpy()) & (runs <= made.random_high[1:].to_numpy())
    assert inside.mean(axis=0).min() > 0.94


def test_without_knowing_how_many_there_are_the_unbiased_rate_stands_for_it(log):
    learner = learner_of(log)
    label(log, [1000])
    nothing = learner.curve()
    assert nothing.found_random.isna().sum() in (0, 2)
    made = learner.queue(40, random_share=0.5)
    label(log, made)
    frame = learner.curve()
    rate = learner.rate()
    assert frame.found_random.iloc[-1] == pytest.approx(rate.value * frame.spent.iloc[-1])
    assert (frame.random_low <= frame.random_high).all()


@pytest.mark.parametrize("present", [11, -1])
def test_more_anomalies_than_events_are_refused(present):
    with pytest.raises(BadRequest, match="among 10 events"):
        curve({0: "signal"}, total=10, present=present)


def test_the_curve_is_drawn_beside_the_random_order():
    labels = {i: "signal" if i < 5 else "noise" for i in range(40)}
    made = curve(labels, total=100, present=5)
    axes = curve_figure({"guided": made, "other": made}, "ECG").axes[0]
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["random order, 95 %", "guided", "other"]


def test_a_classifier_goes_to_mlflow_with_the_hashes_of_labels_and_latents(log, tmp_path):
    from mlflow.tracking import MlflowClient

    with warnings.catch_warnings():
        # MLflow warns of its own type hints while it is imported.
        warnings.simplefilter("ignore")
        from mlflow.pyfunc import load_model

    label(log, IDS[[*range(30), 400, 401, 402]])
    learner = learner_of(log)
    uri = f"sqlite:///{tmp_path}/runs.db"
    with pytest.raises(BadRequest, match="no classifier"):
        learner.track(Tracker(uri))
    learner.update()
    ident = learner.track(Tracker(uri), name="glitches")
    client = MlflowClient(uri)
    run = client.get_run(ident)
    assert run.info.status == "FINISHED"
    assert run.data.params["label_log"] == log.digest
    assert run.data.params["latents"] == learner.latents.digest
    assert run.data.params["classes"] == "glitch, noise"
    assert run.data.metrics["found"] == 3
    steps = client.get_metric_history(ident, "found_by_labels")
    assert [point.step for point in steps] == list(range(34))
    names = {each.path for each in client.list_artifacts(ident)}
    assert names >= {"classifier", "curve.csv", "curve.svg", "labels.csv"}
    version = client.get_model_version("glitches", "1")
    assert version.run_id == ident
    place = tmp_path / "mlflow-artifacts" / ident / "artifacts" / "classifier"
    again = load_classifier(place / "classifier.npz")
    np.testing.assert_array_equal(again.probabilities(Z), learner.classifier.probabilities(Z))
    served = load_model(str(place)).predict(Z[:5])
    assert served.columns.tolist() == ["glitch", "noise"]
    learner.track(Tracker(uri), name="glitches")
    assert len(client.search_model_versions("name='glitches'")) == 2


def test_events_are_predicted_on_a_cluster_as_here(log, monkeypatch):
    from astrodata_kernel.learning import predicting
    from distributed import Client, LocalCluster

    monkeypatch.setattr(predicting, "PART", 100)
    label(log, IDS[[*range(30), 400, 401]])
    here = learner_of(log)
    here.update()
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
        ) as cluster,
        Client(cluster) as client,
    ):
        there = learner_of(log, client=client)
        there.update_soon()
        assert there.wait(120)
        assert there.error is None
        np.testing.assert_allclose(there.scores, here.scores)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"model": "oracle"}, BadRequest, "random_forest, head"),
        ({"strategy": "best"}, UnknownName, "there is no strategy"),
    ],
)
def test_what_a_learner_cannot_be_is_said(log, options, error, words):
    with pytest.raises(error, match=words):
        learner_of(log, **options)


def test_latents_without_a_finite_point_teach_nothing(log):
    with pytest.raises(BadRequest, match="finite"):
        Learner(np.full((4, 2), np.nan), log, scores=np.zeros(4))
