"""Target columns, and the split into training and held-out rows."""

import numpy as np
import pytest

from fastgd import DataError, files, targets

pytest.importorskip("pyarrow")


def read(tmp_path, text):
    path = tmp_path / "data.csv"
    path.write_text(text)
    return files.read(path)


def target(tmp_path, *cells):
    table = read(tmp_path, "y,x\n" + "\n".join(f"{cell},0" for cell in cells) + "\n")
    return targets.read_target(table, "y")


@pytest.mark.parametrize(
    ("cells", "classes", "positive"),
    [
        ("MBBM", ("B", "M"), [1, 0, 0, 1]),
        (["yes", "no"], ("no", "yes"), [1, 0]),
        ([">50K", "<=50K"], ("<=50K", ">50K"), [1, 0]),
        ([1, 0], ("0", "1"), [1, 0]),
        ([10, 9], ("9", "10"), [1, 0]),
        (["1.0", "2.0"], ("1", "2"), [0, 1]),
        ([-1, 1], ("-1", "1"), [0, 1]),
        (["True", "False"], ("False", "True"), [1, 0]),
        (["10", "x"], ("10", "x"), [0, 1]),
        ([2**62 + 1, 2**62], (str(2**62), str(2**62 + 1)), [1, 0]),
        ([2**64 - 1, "+007"], ("7", str(2**64 - 1)), [1, 0]),
        ([-(2**63), -(2**63) + 1], (str(-(2**63)), str(-(2**63) + 1)), [0, 1]),
    ],
)
def test_classes_are_sorted_and_the_second_is_positive(tmp_path, cells, classes, positive):
    found = target(tmp_path, *cells)
    assert found.classes == classes
    assert found.values.tolist() == positive


def test_rows_without_a_target_are_left_out(tmp_path):
    found = target(tmp_path, "a", "", "b", "NA", "a")
    assert found.rows.tolist() == [0, 2, 4]
    assert found.values[found.rows].tolist() == [0, 1, 0]


def test_fractions_within_0_and_1_are_soft_labels(tmp_path):
    found = target(tmp_path, 0, 1, 0.25, "")
    assert found.classes is None
    assert found.values[:3].tolist() == [0, 1, 0.25]


@pytest.mark.parametrize(
    ("cells", "match"),
    [
        (["a", "a"], r"target 'y' has one class only \(a\)"),
        ([1, 1, ""], r"one class only \(1\)"),
        (["", "NA"], "target 'y' has no values"),
        (["a", "b", "c"], r"3 different values in 3 rows \(a, b, c\); wanted are classes"),
        (range(9), r"9 different values in 9 rows \(0, 1, 2, 3, 4 and 4 more\)"),
        ([*range(1001)] * 2, r"1001 different values in 2002 rows .* at most 1000"),
        ([0.5, 1.5], "numbers from 0.5 to 1.5, with fractions; wanted are classes"),
        ([-0.5, 0.5], "numbers from -0.5 to 0.5"),
        ([1, "inf"], "infinite"),
    ],
)
def test_targets_that_are_none(tmp_path, cells, match):
    with pytest.raises(DataError, match=match):
        target(tmp_path, *cells)


# ---------------------------------------------------------------- splits


def labels(*values):
    return targets.Target("y", ("0", "1"), np.array(values, dtype=float))


def test_split_is_the_same_everywhere():
    train, test = targets.split(labels(*[0, 0, 0, 1, 1] * 4), 0.25, 0)
    assert test.tolist() == [2, 3, 11, 13, 15]
    assert sorted([*train, *test]) == list(range(20))


def test_split_is_stratified():
    y = np.repeat([0.0, 1.0, np.nan], [1000, 90, 7])
    train, test = targets.split(labels(*y), 0.2, 3)
    assert [(y[test] == k).sum() for k in (0, 1)] == [200, 18]
    assert [(y[train] == k).sum() for k in (0, 1)] == [800, 72]
    assert not np.isnan(y[np.concatenate([train, test])]).any()
    assert np.all(np.diff(train) > 0)
    assert np.all(np.diff(test) > 0)


def test_split_depends_on_the_seed_and_may_be_empty():
    y = labels(*[0, 1] * 50)
    assert targets.split(y, 0.2, 0)[1].tolist() != targets.split(y, 0.2, 1)[1].tolist()
    assert targets.split(y, 0.0, 0)[1].size == 0


def test_split_never_takes_a_whole_class():
    train, test = targets.split(labels(0, 0, 0, 0, 1), 0.9, 0)
    assert 4 in train
    assert len(test) == 3


# ---------------------------------------------------------------- more than two classes


def test_classes_of_any_number(tmp_path):
    found = target(tmp_path, *["w", "u", "", "v"] * 3)
    assert found.classes == ("u", "v", "w")
    assert found.values[found.rows].tolist() == [2, 0, 1] * 3
    assert found.counts(found.rows) == [3, 3, 3]
    assert target(tmp_path, *[10, 9, 100] * 2).classes == ("9", "10", "100")


def test_split_is_stratified_by_every_class():
    y = np.repeat([0.0, 1.0, 2.0, np.nan], [1000, 90, 5, 7])
    found = targets.Target("y", ("a", "b", "c"), y)
    train, test = targets.split(found, 0.2, 3)
    assert found.counts(test) == [200, 18, 1]
    assert found.counts(train) == [800, 72, 4]
    # two classes are split as if the third were not there
    two = targets.Target("y", ("a", "b"), np.where(y == 2, np.nan, y))
    assert np.array_equal(targets.split(two, 0.2, 3)[1], test[y[test] < 2])


def test_soft_labels_are_split_by_their_side():
    y = np.concatenate([np.linspace(0, 0.4, 50), np.linspace(0.5, 1, 50)])
    train, test = targets.split(targets.Target("y", None, y), 0.2, 0)
    assert [(y[test] >= 0.5).sum(), (y[test] < 0.5).sum()] == [10, 10]
    assert len(train) == 80


# ---------------------------------------------------------------- the positive class


def test_positive_class_comes_last(tmp_path):
    table = read(tmp_path, "y,p,k\nno,0.5,u\nyes,0,v\nno,1,w\n,0,u\nno,0,v\nno,0,w\n")
    assert targets.read_target(table, "y", "yes").classes == ("no", "yes")
    found = targets.read_target(table, "y", "no")
    assert found.classes == ("yes", "no")
    assert found.values[found.rows].tolist() == [1, 0, 1, 1, 1]
    for name, positive, match in (
        ("y", "maybe", r"'y' has no class 'maybe' \(--positive\); it has no, yes"),
        ("p", "1", "'p' holds probabilities; a positive class cannot be chosen"),
        ("k", "u", r"'k' has 3 classes \(u, v, w\); --positive is for targets of two"),
    ):
        with pytest.raises(DataError, match=match):
            targets.read_target(table, name, positive)


# ---------------------------------------------------------------- labels for a model


def test_labels_of_a_model(tmp_path):
    table = read(tmp_path, "y,n,p\nv,2,0.5\n,1.0,1\nu,2.00,\n")
    found = targets.read_labels(table, "y", ["u", "v", "w"])
    assert found.rows.tolist() == [0, 2]
    assert found.values[found.rows].tolist() == [1, 0]
    assert found.counts(found.rows) == [1, 1, 0]
    assert targets.read_labels(table, "n", ["1", "2"]).values.tolist() == [1, 0, 1]
    found = targets.read_labels(table, "p", None)
    assert found.rows.tolist() == [0, 1]
    assert found.values[:2].tolist() == [0.5, 1]


@pytest.mark.parametrize(
    ("cells", "classes", "match"),
    [
        (["u", "x", "y", "x"], "uv", r"'y' holds 'x', 'y' \(first in data row 2\), not among"),
        ([0, 1, 2], "01", r"holds '2' \(first in data row 3\), .* of the model \(0, 1\)"),
        ([0.5, 1.5], None, r"must hold probabilities, found 1\.5 in data row 2"),
        ([0.5, "x"], None, "must hold probabilities, found 'x' in data row 2"),
    ],
)
def test_labels_that_the_model_does_not_know(tmp_path, cells, classes, match):
    table = read(tmp_path, "y,x\n" + "\n".join(f"{cell},0" for cell in cells) + "\n")
    with pytest.raises(DataError, match=match):
        targets.read_labels(table, "y", classes)
