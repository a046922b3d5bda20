"""Scores against scikit-learn, and where it has no answer."""

import math
import tracemalloc

import numpy as np
import pytest

from fastgd import scores

metrics = pytest.importorskip("sklearn.metrics")


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    p = np.exp(z - z.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def test_two_classes(rng):
    z = np.round(rng.normal(size=500), 1)  # with ties
    y = (rng.random(500) < sigmoid(z)).astype(float)
    p = np.column_stack([1 - sigmoid(z), sigmoid(z)])
    found = scores.Tally(["no", "yes"]).add(y, z, p).scores()
    assert found == {
        "log_loss": pytest.approx(metrics.log_loss(y, p), rel=1e-12),
        "accuracy": pytest.approx(metrics.accuracy_score(y, p.argmax(axis=1)), rel=1e-15),
        "roc_auc": pytest.approx(metrics.roc_auc_score(y, z), rel=1e-12),
    }


def test_the_area_counts_pairs_in_little_memory(rng):
    z = np.where(rng.random(100_000) < 0.1, -np.inf, np.round(rng.normal(size=100_000), 2))
    positive = rng.random(100_000) < 0.3
    tracemalloc.start()
    found = scores.roc_auc(positive, z)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    finite = np.where(np.isinf(z), -99.0, z)
    assert found == pytest.approx(metrics.roc_auc_score(positive, finite), rel=1e-12)
    assert peak < 20 * len(z)  # bytes: the margins once more, and the places of the positive ones


def test_more_classes(rng):
    z = np.round(rng.normal(size=(500, 4)), 1)
    p = softmax(z)
    y = np.array([rng.choice(4, p=row) for row in p]).astype(float)
    tally = scores.Tally("abcd").add(y, z, p)
    assert tally.scores() == {
        "log_loss": pytest.approx(metrics.log_loss(y, p), rel=1e-12),
        "accuracy": pytest.approx(metrics.accuracy_score(y, p.argmax(axis=1)), rel=1e-15),
        "roc_auc": pytest.approx(metrics.roc_auc_score(y, p, multi_class="ovr"), rel=1e-12),
    }
    counts = tally.beside([1, 1, 1, 1])["confusion"]
    assert np.array_equal(counts, metrics.confusion_matrix(y, p.argmax(axis=1)))


def test_beside_majority_class_and_null_model(rng):
    z = rng.normal(size=(90, 3))
    y = np.repeat([0.0, 1.0, 2.0], [20, 30, 40])
    found = scores.Tally("abc").add(y, z, softmax(z)).beside([10, 60, 30])
    assert found["rows"] == 90
    assert found["majority_class"]["label"] == "b"
    assert found["majority_class"]["accuracy"] == found["null_model"]["accuracy"] == 30 / 90
    assert found["majority_class"]["log_loss"] == math.inf
    null = np.tile([0.1, 0.6, 0.3], (90, 1))
    assert found["null_model"]["log_loss"] == pytest.approx(metrics.log_loss(y, null), rel=1e-12)
    assert np.sum(found["confusion"], axis=1).tolist() == [20, 30, 40]
    some = scores.Tally("abc").add(y[20:50], z[20:50], softmax(z)[20:50])
    assert some.beside([10, 60, 30])["majority_class"] == {
        "label": "b",
        "accuracy": 1.0,
        "log_loss": 0.0,
        "roc_auc": 0.5,
    }


def test_soft_labels_have_a_log_loss_only(rng):
    y, z = rng.random(50), rng.normal(size=50)
    p = sigmoid(z)
    found = scores.Tally(None).add(y, z, np.column_stack([1 - p, p])).beside([30.0, 10.0])
    expected = -np.mean(y * np.log(p) + (1 - y) * np.log1p(-p))
    null = -np.mean(y * np.log(0.25) + (1 - y) * np.log(0.75))
    assert found == {
        "rows": 50,
        "model": {"log_loss": pytest.approx(expected, rel=1e-12)},
        "null_model": {"log_loss": pytest.approx(null, rel=1e-12)},
    }


def test_margins_of_a_separated_model():
    y = np.array([0.0, 1.0, 1.0, 0.0])
    z = np.array([-np.inf, np.inf, 0.0, -1e3])
    assert np.mean(scores.log_losses(y, z)) == pytest.approx(math.log(2) / 4, rel=1e-15)
    assert np.mean(scores.log_losses(1 - y, z)) == math.inf
    assert scores.roc_auc(y == 1, z) == 1
    lines = np.array([[0.0, -np.inf, -np.inf], [-np.inf, 2.0, 2.0], [1e3, 0, 0], [-np.inf, 0, 1]])
    codes = np.array([0.0, 1.0, 0.0, 2.0])
    expected = (math.log(2) + math.log1p(math.exp(-1))) / 4
    assert np.mean(scores.log_losses(codes, lines)) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("classes", ["ab", "abc", None])
def test_batches_are_the_whole(rng, classes):
    """Whatever the batches, the same counts and areas; sums to rounding."""
    count = len(classes or "ab")
    z = np.round(rng.normal(size=(1000, count)), 1)
    p = softmax(z)
    z = z[:, 1] - z[:, 0] if count == 2 else z
    y = rng.integers(0, count, 1000).astype(float) if classes else rng.random(1000)
    whole, parts = scores.Tally(classes).add(y, z, p), scores.Tally(classes)
    for part in np.split(np.arange(1000), [1, 1, 300, 970]):
        parts.add(y[part], z[part], p[part])
    one, other = whole.beside([1] * count), parts.beside([1] * count)
    for key in "model", "null_model":
        loss = one[key].pop("log_loss")
        assert other[key].pop("log_loss") == pytest.approx(loss, rel=1e-14)
    assert one == other


@pytest.mark.parametrize(("classes", "allowed"), [("ab", 9), ("abc", 27), (None, 0.1)])
def test_a_tally_takes_eight_bytes_a_row_and_class_at_most(rng, classes, allowed):
    """None for what needs no order; a sixteenth more where an array grows; and a batch."""
    n, count = 10_000, len(classes or "ab")
    z = rng.normal(size=(n, count))
    p = softmax(z)
    z = z[:, 1] - z[:, 0] if count == 2 else z
    y = rng.integers(0, count, n).astype(float) if classes else rng.random(n)
    tally = scores.Tally(classes)
    tally.add(y, z, p)
    tracemalloc.start()
    for _ in range(100):
        tally.add(y, z, p)
    tally.beside([1] * count)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * n * allowed + 40 * n * count


def test_one_class_has_no_area():
    assert scores.roc_auc(np.array([True, True]), np.array([0.0, 1.0])) is None
    p = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1]])
    found = scores.Tally("abc").add(np.array([0.0, 1.0]), np.log(p), p).scores()
    assert found["roc_auc"] == 1  # over a and b: c has no row
    assert scores.Tally("abc").add(np.zeros(2), np.log(p), p).scores()["roc_auc"] is None
