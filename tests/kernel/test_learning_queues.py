"""What is offered for labelling: every strategy, the random share, and what it measures."""

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, MissingPackage, UnknownName
from astrodata_kernel.learning import STRATEGIES, queue, random_order, unbiased_rate
from astrodata_kernel.learning.activeml import activeml
from astrodata_kernel.learning.sights import Sight, distances_to
from astrodata_kernel.learning.strategies import strategy_of
from astrodata_kernel.learning.targets import Targets, targets_of

RNG = np.random.default_rng(5)
Z = np.concatenate([RNG.normal(size=(600, 3)), RNG.normal(size=(12, 3)) * 0.3 + 4])
SOUGHT = np.arange(len(Z)) >= 600
SCORES = np.linalg.norm(Z, axis=1)


def asked(strategy, labels, **options):
    return queue(strategy, Z, labels=labels, positive="glitch", scores=SCORES, **options)


def answers(rows):
    return {int(row): "glitch" if SOUGHT[row] else "noise" for row in rows}


def sight(labels, **options):
    known = targets_of(np.arange(len(Z)), labels, "glitch")
    free = np.ones(len(Z), bool)
    free[known.rows] = False
    return Sight(Z, SCORES, known, free, **options)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_asks_for_events_that_have_no_label_and_each_once(strategy):
    labels = {}
    for _ in range(3):
        made = asked(strategy, labels, n=20)
        ids = made.ids.tolist()
        assert len(set(ids)) == 20
        assert not set(ids) & set(labels)
        labels |= answers(ids)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_strategy_asks_the_same_for_the_same_labels(strategy):
    labels = answers([*range(10), 600, 601])
    first, again = (asked(strategy, labels, n=15) for _ in range(2))
    assert first.ids.tolist() == again.ids.tolist()
    assert first.reasons == again.reasons


@pytest.mark.parametrize("strategy", ["guided", "classifier", "astronomaly"])
def test_strategies_that_seek_find_the_kin_of_what_was_found(strategy):
    labels = answers([*range(20), 600, 601])
    rows = strategy_of(strategy)(sight(labels), 10)
    assert set(rows.tolist()) == set(range(602, 612))


def test_the_anomaly_order_is_that_of_the_scores():
    rows = strategy_of("anomaly")(sight({}), 30)
    np.testing.assert_array_equal(rows, np.argsort(-SCORES)[:30])


def test_until_something_is_found_the_scores_decide():
    labels = answers(range(20))
    rows = strategy_of("guided")(sight(labels), 10)
    left = np.setdiff1d(np.arange(len(Z)), list(labels))
    assert set(rows) == set(left[np.argsort(-SCORES[left])][:10])


def test_uncertain_events_lie_between_the_classes():
    z = np.concatenate([np.linspace(0, 1, 50), np.linspace(2, 3, 50), [1.45, 1.5, 1.55]])[:, None]
    names = np.array(["a"] * 50 + ["b"] * 50)
    known = Targets(np.arange(100), (names == "b").astype(float), names)
    free = np.arange(103) >= 100
    # Something certain is free too.
    z = np.concatenate([z, [[0.1], [2.9]]])
    free = np.concatenate([free, [True, True]])
    rows = strategy_of("uncertainty")(Sight(z, z[:, 0], known, free), 3)
    assert set(rows) <= {100, 101, 102, 103, 104}
    assert not {103, 104} & set(rows[:1])


def test_the_expected_change_is_that_of_a_gradient_by_differences():
    from astrodata_kernel.learning.classifiers import Classifier
    from astrodata_kernel.learning.strategies import expected_change

    labels = answers([*range(30), 600, 601, 602])
    seen = sight(labels)
    made = Classifier.fit("head", Z[seen.targets.rows], seen.targets.names)
    row = 123
    p = made.probabilities(Z[row : row + 1])[0]
    x = np.append(seen.scaled[row], 1.0)
    expected = 0.0
    for k in range(2):
        gradient = np.outer(p - np.eye(2)[k], x)
        expected += p[k] * np.linalg.norm(gradient)
    assert expected_change(seen)[row] == pytest.approx(expected, rel=1e-9)


def test_core_sets_take_the_farthest_event_again_and_again():
    labels = answers([0, 1])
    seen = sight(labels)
    rows = strategy_of("core_set")(seen, 4)
    centres = [0, 1]
    for row in rows:
        away = np.linalg.norm(seen.scaled[:, None] - seen.scaled[centres], axis=2).min(axis=1)
        assert row == away.argmax()
        centres.append(row)


def test_diversity_reaches_every_cluster():
    middles = np.array([[0, 0], [50, 0], [0, 50], [50, 50], [100, 100]])
    z = (middles[:, None] + np.random.default_rng(1).normal(size=(5, 100, 2))).reshape(-1, 2)
    made = queue("diversity", z, scores=np.zeros(len(z)), n=11, random_share=0.05)
    chosen = [row for row, why in zip(made.rows, made.reasons, strict=True) if why == "diversity"]
    assert {row // 100 for row in chosen} == {0, 1, 2, 3, 4}


def test_a_million_identical_points_can_be_asked_for():
    z = np.zeros((1_000_000, 2), np.float32)
    for strategy in ("diversity", "guided", "core_set"):
        made = queue(strategy, z, labels={0: "noise"}, scores=np.zeros(len(z)), positive="x", n=20)
        assert len(set(made.rows.tolist())) == 20


@pytest.mark.parametrize("width", [1, 512])
def test_latents_of_one_and_of_many_dimensions_can_be_asked_for(width):
    z = np.random.default_rng(0).normal(size=(200, width))
    labels = {i: "a" if i < 3 else "b" for i in range(20)}
    for strategy in STRATEGIES:
        made = queue(strategy, z, labels=labels, positive="a", scores=z[:, 0], n=5)
        assert len(made) == 5


def test_distances_are_the_same_with_a_tree_and_without():
    z, places = RNG.normal(size=(500, 17)), RNG.normal(size=(9, 17))
    away = np.linalg.norm(z[:, None] - places, axis=2).min(axis=1)
    np.testing.assert_allclose(distances_to(z, places), away, rtol=1e-9)
    away = np.linalg.norm(z[:, None, :5] - places[:, :5], axis=2).min(axis=1)
    np.testing.assert_allclose(distances_to(z[:, :5], places[:, :5]), away, rtol=1e-9)


def test_astronomaly_trusts_the_labels_near_them_and_the_score_far_from_them():
    from astrodata_kernel.learning.peers import neighbour_score

    labels = answers(range(40))
    made = neighbour_score(sight(labels))
    score = 5 * (SCORES - SCORES.min()) / np.ptp(SCORES)
    # At a label of no interest d = 0 and u = 0.1: the score falls to a tenth.
    np.testing.assert_allclose(made[:40], score[:40] * 0.1, rtol=1e-6)
    assert (made[600:] > 0.9 * score[600:]).all()


def test_expected_improvement_is_the_integral_that_it_stands_for():
    from astrodata_kernel.learning.gaussian import Gaussian
    from astrodata_kernel.learning.peers import expected_improvement

    labels = answers([*range(25), 600])
    seen = sight(labels)
    known = seen.targets
    process = Gaussian(seen.scaled[known.rows], 5 * known.values, fitted=True)
    mean, spread = process.predict(seen.scaled)
    draws = np.random.default_rng(0).normal(size=200_000)
    for row in (605, 100):
        gain = np.maximum(mean[row] + spread[row] * draws - 5 - 0.5, 0).mean()
        assert expected_improvement(seen)[row] == pytest.approx(gain, rel=0.05, abs=1e-4)


def test_a_gaussian_process_in_chunks_is_the_same(monkeypatch):
    from astrodata_kernel.learning import gaussian

    process = gaussian.Gaussian(Z[:30], SCORES[:30])
    whole = process.predict(Z)
    monkeypatch.setattr(gaussian, "CHUNK", 100)
    for one, other in zip(whole, process.predict(Z), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


def test_a_process_with_thousands_of_labels_keeps_the_rare_ones(monkeypatch):
    from astrodata_kernel.learning import guided

    monkeypatch.setattr(guided, "MOST", 40)
    labels = answers([*range(300), *range(600, 606)])
    rows = strategy_of("guided")(sight(labels), 6)
    assert set(rows) == set(range(606, 612))


def test_a_random_share_of_nothing_is_refused():
    with pytest.raises(BadRequest, match="give more than 0"):
        asked("anomaly", {}, random_share=0.0)


@pytest.mark.parametrize(("n", "share", "least"), [(50, 0.1, 5), (2, 0.01, 1), (10, 0.3, 3)])
def test_some_of_every_queue_are_random_and_say_so(n, share, least):
    made = asked("anomaly", {}, n=n, random_share=share)
    assert made.reasons.count("random") == least
    drawn = [ident for ident in made if made.source_of(ident) == "queue:random"]
    assert set(drawn) == set(made.random_ids[:least].tolist())
    assert made.source_of(-5) == "python"


def test_one_event_at_a_time_is_random_once_in_so_many():
    labels, reasons = {}, []
    for _ in range(40):
        made = asked("anomaly", labels, n=1, random_share=0.1)
        reasons += made.reasons
        labels |= answers(made.ids)
    assert reasons[0] == "random"
    assert 4 <= reasons.count("random") <= 5


def test_the_draw_depends_on_ids_and_seed_alone():
    ids = np.array([f"event {i}" for i in range(200)], object)
    shuffled = RNG.permutation(ids)
    first = ids[random_order(ids, 3)]
    np.testing.assert_array_equal(first, shuffled[random_order(shuffled, 3)])
    assert (first != ids[random_order(ids, 4)]).any()
    # What is left of a larger table keeps its order.
    some = ids[::3]
    kept = [ident for ident in first if ident in set(some)]
    assert some[random_order(some, 3)].tolist() == kept


def test_places_in_the_draw_are_uniform_for_neighbouring_numbers():
    counts = np.zeros(10)
    for seed in range(400):
        place = np.argsort(random_order(np.arange(10), seed))[0]
        counts[place] += 1
    # 40 each expected: chi-square of 9 degrees beyond 27.9 once in a thousand.
    assert ((counts - 40) ** 2 / 40).sum() < 27.9


def test_the_rate_is_unbiased_though_most_labels_are_where_the_anomalies_are():
    rates = []
    for seed in range(30):
        labels = {}
        for _ in range(3):
            made = asked("guided", labels, n=20, random_share=0.5, seed=seed)
            labels |= answers(made.ids)
        found = unbiased_rate(labels, made, positive="glitch")
        assert found.total >= 30
        rates.append(found.value)
        biased = np.mean([label == "glitch" for label in labels.values()])
        assert biased > 0.1
    # 1.96 % are: 30 rates of some 30 events each scatter by 0.5 %.
    assert abs(np.mean(rates) - SOUGHT.mean()) < 0.016


def test_the_rate_counts_the_draw_to_its_first_gap():
    made = asked("anomaly", {}, n=10)
    drawn = made.random_ids.tolist()
    labels = {drawn[0]: "glitch", drawn[1]: "noise", drawn[3]: "glitch"}
    found = unbiased_rate(labels, made)
    assert (found.count, found.total) == (1, 2)
    assert 0 < found.low < 0.5 < found.high < 1
    labels[drawn[2]] = "noise"
    assert unbiased_rate(labels, made).total == 4
    nothing = unbiased_rate({}, made)
    assert nothing.total == 0
    assert np.isnan(nothing.value)


def test_points_that_are_not_finite_are_never_asked_for():
    z = Z.copy()
    z[::2] = np.nan
    scores = SCORES.copy()
    scores[1::4] = np.inf
    made = queue("anomaly", z, scores=scores, n=400)
    assert len(made) == 306
    assert (made.rows % 2 == 1).all()
    with pytest.raises(BadRequest, match="none of the 3 points is finite"):
        queue("anomaly", np.full((3, 2), np.nan), scores=np.zeros(3))


def test_a_queue_ends_with_the_events():
    labels = answers(range(610))
    made = asked("guided", labels, n=50)
    assert set(made.ids.tolist()) == {610, 611}
    assert len(asked("guided", answers(range(612)), n=50)) == 0


def test_a_queue_is_a_table_too():
    made = asked("anomaly", {}, n=10)
    table = made.table()
    assert table.columns.tolist() == ["id", "row", "reason"]
    assert table.reason.tolist() == list(made.reasons)


def test_labels_of_events_that_are_not_there_are_left_out():
    labels = {**answers(range(5)), 10_000: "glitch", "text": "noise"}
    assert asked("guided", labels, n=5).ids.size == 5


def test_ids_can_be_texts():
    ids = [f"e{i}" for i in range(len(Z))]
    from astrodata_kernel.latent import Latents

    labels = {"e0": "noise", "e600": "glitch"}
    made = queue(
        "guided", Latents(Z, ids=ids), labels=labels, positive="glitch", scores=SCORES, n=10
    )
    assert {"e0", "e600"}.isdisjoint(made)
    assert all(made.reason_of(ident) for ident in made)


def test_without_scores_the_default_score_orders():
    made = queue("anomaly", Z, n=12, random_share=0.01)
    chosen = [row for row, why in zip(made.rows, made.reasons, strict=True) if why == "anomaly"]
    assert SOUGHT[chosen].mean() > 0.5


@pytest.mark.parametrize("name", ["nearest", "skactiveml:Nothing"])
def test_an_unknown_strategy_is_named_beside_those_there_are(name):
    with pytest.raises(UnknownName, match=r"guided|CoreSet"):
        asked(name, {})


@pytest.mark.parametrize(
    "name", ["CoreSet", "UncertaintySampling", "QueryByCommittee", "TypiClust", "ProbabilisticAL"]
)
def test_strategies_of_scikit_activeml_serve_by_name(name):
    labels = answers([*range(20), 600, 601])
    made = asked(f"skactiveml:{name}", labels, n=10)
    assert len(set(made.ids.tolist())) == 10
    assert not set(made.ids.tolist()) & set(labels)
    assert made.reasons.count("random") == 1


def test_without_scikit_activeml_the_extra_is_named(monkeypatch):
    from astrodata_kernel.learning import activeml as module

    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(MissingPackage, match=r"astrodata-lab\[active\]"):
        activeml("CoreSet")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n": 0}, "1 or more"),
        ({"scores": np.zeros(3)}, "3 scores for 612 points"),
    ],
)
def test_what_cannot_be_is_said(options, words):
    given = {"scores": SCORES, **options}
    with pytest.raises(BadRequest, match=words):
        queue("anomaly", Z, **given)


def test_which_class_is_sought_can_be_a_number_by_class_or_a_usual_name():
    ids = np.arange(4)
    graded = targets_of(ids, {0: "0", 1: "5", 2: ["0", "3"]}, {"0": 0, "3": 0.6, "5": 1})
    assert graded.values.tolist() == [0, 1, 0.6]
    assert targets_of(ids, {0: "Anomaly", 1: "noise"}).values.tolist() == [1, 0]
    assert targets_of(ids, {0: True, 1: 0.25}).values.tolist() == [1, 0.25]
    with pytest.raises(BadRequest, match="which of the classes a, b is looked for"):
        targets_of(ids, {0: "a", 1: "b"})
    with pytest.raises(UnknownName, match="no class is called c"):
        targets_of(ids, {0: "a"}, "c", classes=["a", "b"])


def test_work_that_nobody_waits_for_ends():
    from astrodata_kernel.errors import Cancelled

    def cancelled():
        raise Cancelled("enough")

    for strategy in ("guided", "classifier", "astronomaly", "diversity"):
        with pytest.raises(Cancelled):
            asked(strategy, answers([0, 600]), cancelled=cancelled)
