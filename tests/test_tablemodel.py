"""Models of tables: saved, loaded, and damaged."""

import copy
import json

import numpy as np
import pytest

from fastgd import DataError, modelfile
from fastgd import fit as fit_arrays
from fastgd.coding import Category, Coding, Numeric
from fastgd.tablemodel import TableModel


def make(rng, classes):
    """A model with a numeric column and a category, and the design it was fitted on."""
    K = len(classes)
    X = np.asfortranarray(np.column_stack([rng.normal(size=90), rng.integers(0, 2, 90)]))
    y = rng.integers(0, K, 90)
    fit = fit_arrays(X, y, l2=0.1)
    fit.classes = np.array(list(classes))
    columns = Numeric("x", 0.0, True, False), Category("c", "u", ("v",), ())
    coding = Coding(columns, (1.0, 0.5), (1.0, 1.0), (("id", "by wish"),))
    counts = np.bincount(y, minlength=K).tolist()
    target = {
        "name": "y",
        "classes": list(classes),
        "soft": False,
        "counts": counts,
        "fitted": counts,
        "positive": classes[1] if K == 2 else None,
    }
    penalty = {"l2": 0.1, "l2_is_default": False, "standardized": True}
    scores = {
        "rows": 9,
        "model": {"log_loss": 0.5, "accuracy": 0.75, "roc_auc": None},
        "null_model": {"log_loss": 0.7, "accuracy": 0.5, "roc_auc": 0.5},
        "majority_class": {"label": classes[0], "accuracy": 0.5, "log_loss": float("inf")},
        "classes": list(classes),
        "confusion": np.ones((K, K), int).tolist(),
        "file": None,
        "rows_fitted": 90,
    }
    return TableModel(fit, coding, target, penalty, ("?",), scores), X


@pytest.mark.parametrize("classes", ["ab", "abc"])
def test_round_trip(rng, tmp_path, classes):
    model, X = make(rng, classes)
    model.save(tmp_path / "m")
    again = TableModel.load(tmp_path / "m")
    for one, other in zip(again.apply(X), model.apply(X), strict=True):
        assert np.array_equal(one, other)
    assert again.facts() == model.facts()
    assert again.coding == model.coding
    assert again.missing == ("?",)
    assert again.columns == ["x", "c"]


@pytest.mark.parametrize("classes", ["ab", "abc"])
def test_a_row_alone_is_predicted_as_among_others(rng, classes):
    model, X = make(rng, classes)
    margins, probabilities = model.apply(X)
    for i in range(len(X)):
        row = np.asfortranarray(X[i : i + 1])
        z, p = model.apply(row)
        assert np.array_equal(z[0], margins[i])
        assert np.array_equal(p[0], probabilities[i])
        assert np.array_equal(model.probabilities(row)[0], probabilities[i])


def test_models_of_older_versions_lack_some_entries(rng, tmp_path):
    model, _ = make(rng, "ab")
    model.save(tmp_path / "m")
    metadata, arrays = modelfile.read(tmp_path / "m")
    known = metadata["table"]
    del known["missing"], known["target"]["fitted"]
    for key in ("classes", "confusion", "file", "rows_fitted"):
        del known["held_out"][key]
    modelfile.write(tmp_path / "old", metadata, arrays)
    old = TableModel.load(tmp_path / "old")
    assert old.missing == ()
    assert old.target["fitted"] == model.target["counts"]


def test_no_model_of_a_table(rng, tmp_path):
    model, _ = make(rng, "ab")
    model.fit.save(tmp_path / "m")
    with pytest.raises(DataError, match="saved from Python, which does not know its target"):
        TableModel.load(tmp_path / "m")


DAMAGES = [
    lambda known, arrays: known.pop("coding"),
    lambda known, arrays: known.pop("penalty"),
    lambda known, arrays: known.pop("held_out"),
    lambda known, arrays: known["penalty"].update(l2="1"),
    lambda known, arrays: known["penalty"].update(standardized=1),
    lambda known, arrays: known["penalty"].pop("l2_is_default"),
    lambda known, arrays: known["target"].update(classes=["a"]),
    lambda known, arrays: known["target"].update(classes=["a", 1]),
    lambda known, arrays: known["target"].update(classes=["a", "b", "c"]),
    lambda known, arrays: known["target"].update(name=None),
    lambda known, arrays: known["target"].update(positive="z"),
    lambda known, arrays: known["target"].update(counts=[1]),
    lambda known, arrays: known["target"].update(counts=["1", "2"]),
    lambda known, arrays: known["target"].update(fitted=[0, 0]),
    lambda known, arrays: known["target"].update(fitted=[-1, 2]),
    lambda known, arrays: known["target"].update(soft="no"),
    lambda known, arrays: known.update(missing=[1]),
    lambda known, arrays: known.update(missing=7),
    lambda known, arrays: known["held_out"].update(rows="9"),
    lambda known, arrays: known["held_out"].update(model=3),
    lambda known, arrays: known["held_out"]["model"].update(accuracy="high"),
    lambda known, arrays: known["held_out"].update(confusion=[[1, 2]]),
    lambda known, arrays: known["held_out"].update(confusion=[[1, 2], [3, "x"]]),
    lambda known, arrays: known["held_out"].update(classes=["a"]),
    lambda known, arrays: known["held_out"]["majority_class"].update(label=1),
    lambda known, arrays: arrays.update(coef=np.ones(3)),
    lambda known, arrays: arrays.update(coef=np.ones(2, np.float32)),
    lambda known, arrays: arrays.update(intercept=np.ones(2)),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_models_are_refused(rng, tmp_path, damage):
    model, _ = make(rng, "ab")
    model.save(tmp_path / "m")
    metadata, arrays = modelfile.read(tmp_path / "m")
    metadata, arrays = copy.deepcopy(metadata), dict(arrays)
    damage(metadata["table"], arrays)
    modelfile.write(tmp_path / "m", metadata, arrays)
    with pytest.raises(DataError, match=r"m: damaged model: ."):
        TableModel.load(tmp_path / "m")


def test_a_model_in_words_is_json(rng):
    facts = make(rng, "abc")[0].facts()
    assert json.loads(json.dumps(facts))["coefficients"][0]["name"] == "x"
    assert np.shape(facts["intercept"]) == (3,)
