"""The two sets that come with the package are what scikit-learn ships."""

import numpy as np
import pytest

import fastgd
from fastgd import datasets


@pytest.mark.parametrize("name", datasets.NAMES)
def test_same_as_in_scikit_learn(name):
    theirs = getattr(pytest.importorskip("sklearn.datasets"), f"load_{name}")()
    ours = datasets.load(name)
    np.testing.assert_array_equal(ours.X, theirs.data)
    np.testing.assert_array_equal(ours.y, theirs.target)
    assert ours.feature_names == list(theirs.feature_names)
    assert ours.class_names == list(theirs.target_names)


@pytest.mark.parametrize(
    ("name", "shape", "counts"),
    [("breast_cancer", (569, 30), [212, 357]), ("iris", (150, 4), [50] * 3)],
)
def test_shapes_and_types(name, shape, counts):
    data = datasets.load(name)
    assert data.X.shape == shape and data.X.dtype == float and data.X.flags.c_contiguous
    assert np.bincount(data.y).tolist() == counts and data.y.dtype.kind == "i"
    assert len(data.feature_names) == shape[1] and len(data.class_names) == len(counts)
    assert np.isfinite(data.X).all() and str(shape) in repr(data)


def test_each_has_a_source_and_a_licence_and_is_small():
    files = sorted(path for path in datasets.HERE.iterdir() if path.suffix in (".csv", ".md"))
    assert [path.stem for path in files[::2]] == [path.stem for path in files[1::2]]
    assert {path.stem for path in files} == set(datasets.NAMES)
    assert sum(path.stat().st_size for path in files) < 300_000
    for name in datasets.NAMES:
        text = datasets.load(name).description
        assert "Source:" in text and "https://doi.org/" in text and "Licence:" in text


def test_arrays_are_the_callers_own():
    first = datasets.load("iris")
    first.X[:] = 0
    first.feature_names.clear()
    again = datasets.load("iris")
    assert again.X.any() and len(again.feature_names) == 4


@pytest.mark.parametrize(
    ("name", "hint"),
    [("Iris", "did you mean 'iris'"), ("breast cancer", "'breast_cancer'"), ("x", "")],
)
def test_unknown_name(name, hint):
    with pytest.raises(ValueError, match=f"name must be.*{hint}"):
        datasets.load(name)


@pytest.mark.parametrize("name", [None, 3, b"iris", ["iris"], "../iris"])
def test_bad_name(name):
    with pytest.raises(ValueError, match="name must be"):
        datasets.load(name)


def test_a_classifier_on_real_data():
    data = datasets.load("breast_cancer")
    fit = fastgd.fit(data.X, data.y, l2=1e-3)
    assert fit.converged and np.mean(fit.predict(data.X) == data.y) > 0.95
