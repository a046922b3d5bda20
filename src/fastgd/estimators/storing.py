"""A fitted estimator as named parts, for a model file without pickle, and back."""

import numpy as np
from scipy.sparse import issparse

from .. import frames
from ..plainparts import pack, unpack
from ..result import FitResult
from .parameters import check, defaults

# What `fit` leaves behind, beside `result_`: what models of a class have, what some have.
OF_ALL = {"classes_", "coef_", "intercept_", "n_features_in_", "n_iter_"}
OF_CV = {"Cs_", "C_", "coefs_paths_", "l1_ratio_", "l1_ratios_", "scores_"}
OF_CLASS = {"LogisticRegression": OF_ALL, "LogisticRegressionCV": OF_ALL | OF_CV}
OF_SOME = {"feature_names_in_", "l2_"}


def parts(model):
    """Metadata and arrays for a model file."""
    name = type(model).__name__
    if type(model).__module__ != __package__:
        raise TypeError(f"a {name} cannot be stored: it is no class of fastgd's own")
    arrays = {}
    standing = defaults(type(model))
    params = {
        key: pack(value, key, arrays)
        for key, value in model.get_params(deep=False).items()
        if value is not standing[key]
    }
    allowed = OF_CLASS[name] | OF_SOME
    fitted = {key: value for key, value in vars(model).items() if key in allowed}
    if issparse(fitted["coef_"]):
        fitted["coef_"] = fitted["coef_"].toarray()
    meta = {
        "kind": "estimator",
        "class": name,
        "sparse": issparse(model.coef_),
        "params": params,
        "attributes": {key: pack(value, key, arrays) for key, value in fitted.items()},
    }
    if hasattr(model, "coding_"):
        meta["coding"] = model.coding_.to_dict()
    if hasattr(model, "result_"):
        meta["result"], of_result = model.result_.parts()
        arrays |= {f"result_.{key}": value for key, value in of_result.items()}
    return meta, arrays


def from_parts(meta, arrays, classes):
    """The estimator, of one of the classes, that the parts make.

    Raises
    ------
    ValueError
        If a part is missing, is impossible, or does not fit the others.
    """
    kinds = {cls.__name__: cls for cls in classes}
    try:
        cls = kinds[meta["class"]]
        params = {key: unpack(value, arrays) for key, value in meta["params"].items()}
        strange = set(params) - set(defaults(cls))
        if strange:
            raise ValueError(f"{cls.__name__} has no parameter {min(strange)!r:.40}")
        model = cls(**params)
        check(model)
        found = {key: unpack(value, arrays) for key, value in meta["attributes"].items()}
        wanted = OF_CLASS[cls.__name__]
        if not wanted <= set(found) <= wanted | OF_SOME:
            raise ValueError("attributes of the fit are missing, or are no such attributes")
        vars(model).update(found)
        if "coding" in meta:
            model.coding_ = frames.Coding.from_dict(meta["coding"])
        check_attributes(model)
        if "result" in meta:
            start = "result_."
            of_result = {k[len(start) :]: v for k, v in arrays.items() if k.startswith(start)}
            model.result_ = FitResult.from_parts(meta["result"], of_result)
            if np.atleast_2d(model.result_.coef).shape != model.coef_.shape:
                raise ValueError("result_ does not fit coef_")
        if meta["sparse"] is True:
            model.sparsify()
    except (
        AttributeError, KeyError, OverflowError, RecursionError, TypeError, Warning,
    ) as error:  # fmt: skip
        raise ValueError(f"a part is missing or of another kind: {error!r:.200}") from None
    return model


def check_attributes(model):
    coef, intercept, classes = model.coef_, model.intercept_, model.classes_
    d, names = model.n_features_in_, getattr(model, "feature_names_in_", None)
    lines = 1 if len(classes) == 2 else len(classes)
    coding = getattr(model, "coding_", None)
    features = d if coding is None else len(coding.features)
    checks = {
        "coef_": coef.dtype in (np.float32, np.float64)
        and type(d) is int
        and coef.shape == (lines, features)
        and np.isfinite(coef).all(),
        "coding_": coding is None
        or (names is None and len(coding.columns) == d)
        or (names is not None and [column.name for column in coding.columns] == names.tolist()),
        "intercept_": intercept.dtype == coef.dtype
        and intercept.shape == (lines,)
        and np.isfinite(intercept).all(),
        "classes_": classes.ndim == 1 and len(classes) >= 2,
        "feature_names_in_": names is None
        or (len(names) == d and all(type(name) is str for name in names.tolist())),
        "n_jobs": model.n_jobs is None or (model.n_jobs != 0 and abs(model.n_jobs) < 2**31),
    }
    for name, good in checks.items():
        if not good:
            raise ValueError(f"{name} is impossible, or does not fit the other parts")
