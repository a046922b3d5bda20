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
