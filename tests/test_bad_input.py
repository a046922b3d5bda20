"""Bad input is refused by an error that names the argument, what was found, what is wanted."""

import numpy as np
import problems
import pytest
import scipy.sparse
from problems import LAYOUTS, as_layout

import fastgd

N, D = 20, 3
X = np.random.default_rng(0).standard_normal((N, D))
Y = np.arange(N) % 2
W = np.zeros(D)
ERRORS = ValueError, TypeError

# Each function, as a function of X, y and keywords.
FUNCTIONS = {
    "cost": lambda X, y, **k: fastgd.cost(X, y, W, **k),
    "cost_and_gradient": lambda X, y, **k: fastgd.cost_and_gradient(X, y, W, **k),
    "hessian_vector": lambda X, y, **k: fastgd.hessian_vector(X, y, W, 0.0, W, 0.0, **k),
    "fit": fastgd.fit,
}


def with_value(array, place, value):
    array = np.array(array, dtype=float)
    array[place] = value
    return array


every_function = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)


@every_function
@pytest.mark.parametrize(
    ("bad", "found"),
    [
        (np.zeros(N), "1"),  # the number of dimensions or the shape
        (np.zeros((N, D, 1)), "3"),
        (np.zeros((0, D)), "0"),
        (X.astype(complex), "complex"),
        (X.astype(object), "object"),
        (X.astype(str), "str|<U"),
        (np.zeros((N, D), "M8[s]"), "datetime"),
        (scipy.sparse.csr_array(X.astype(complex)), "complex"),
        (np.ma.masked_array(X, mask=X > 0), "mask"),
        (None, "None"),
        ("text", "str|text|0"),
        ([[1.0, 2.0, 3.0], [1.0]], ""),
    ],
)
def test_matrix(function, bad, found):
    with pytest.raises(ERRORS, match=r"\bX\b") as error:
        function(bad, Y)
    assert any(word in str(error.value) for word in found.split("|"))


@every_function
@pytest.mark.parametrize(
    ("bad", "found"),
    [
        (Y[:-1], "19"),
        (np.zeros((N, 2)), "2"),
        (np.zeros(0), "0"),
        (Y.astype(complex), "complex"),
        (np.ma.masked_array(Y, mask=Y > 0), "mask"),
        (with_value(Y, 7, np.nan), "7"),
        (with_value(Y, 7, np.inf), "7"),
        (with_value(Y, 7, 1.5), "loss"),
        (with_value(Y, 7, -0.5), "loss"),
        (None, "None"),
    ],
)
def test_targets(function, bad, found):
    with pytest.raises(ERRORS, match=r"\by\b") as error:
        function(X, bad)
    assert found in str(error.value)


@pytest.mark.parametrize(
    "one", [np.zeros(N, int), np.ones(N), np.full(N, "yes"), np.full(N, True)], ids=str
)
def test_one_class_only(one):
    with pytest.raises(ValueError, match=r"\by\b.*(one|1|single)"):
        fastgd.fit(X, one)
    with pytest.raises(ValueError, match=r"one|1|single"):  # where the weight is
        fastgd.fit(X, Y, sample_weight=Y)


@every_function
@pytest.mark.parametrize("loss", ["squared_error", "log_loss"])
def test_numbers_that_are_none(function, loss):
    for value in np.nan, np.inf, -np.inf:
        with pytest.raises(ValueError, match=r"\by\b.*7"):
            function(X, with_value(Y, 7, value), loss=loss)


@every_function
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_first_bad_place_of_the_matrix(function, layout, dtype, value):
    bad = X.astype(dtype)
    bad[13, 2], bad[15, 0] = value, value
    with pytest.raises(ValueError, match=r"\bX\b") as error:
        function(as_layout(bad, layout), Y)
    for word in "13", "2", "nan" if np.isnan(value) else "inf":
        assert word in str(error.value).lower()


@every_function
@pytest.mark.parametrize("layout", LAYOUTS)
def test_bad_place_under_a_weight_of_zero(function, layout):
    """The coefficients are zero too: no product may be skipped on that account."""
    bad = with_value(X, (4, 1), np.nan)
    with pytest.raises(ValueError, match=r"\bX\b.*4"):
        function(as_layout(bad, layout), Y, sample_weight=with_value(np.ones(N), 4, 0))


@pytest.mark.parametrize("solver", ["gd", "agd", "newton"])
@pytest.mark.parametrize("n_threads", [1, 3])
def test_bad_place_far_down(solver, n_threads):
    problem = problems.correlated(np.random.default_rng(0), 30_000, 5)
    problem.X[29_999, 4] = np.nan
    with pytest.raises(ValueError, match=r"\bX\b.*29999.*4"):
        fastgd.fit(problem.X, problem.y, solver=solver, n_threads=n_threads)


@pytest.mark.parametrize("solver", ["gd", "agd", "newton"])
def test_overflow_is_another_error(solver):
    """Finite numbers whose squares or products are not: not called NaN, not silently wrong."""
    big = X * [1.0, 5e307, 5e307]
    try:
        fit = fastgd.fit(big, Y, solver=solver, l2=1.0)
    except ValueError as error:
        assert "overflow" in str(error) or "too large" in str(error)
    else:
        assert np.all(np.isfinite(fit.coef))
        assert np.isfinite(fit.cost)


@every_function
@pytest.mark.parametrize(
    ("bad", "found"),
    [
        (np.ones(N - 1), "19"),
        (np.ones((N, 1)), "1"),
        (with_value(np.ones(N), 5, -1), "5"),
        (with_value(np.ones(N), 5, np.nan), "5"),
        (with_value(np.ones(N), 5, np.inf), "5"),
        (2.0, "must have shape (20,), one number for each row of X, found ()"),
        (np.zeros(N), "zero"),
        (np.ones(N, complex), "complex"),
        (np.array(["a"] * N), ""),
    ],
)
def test_weights(function, bad, found):
    with pytest.raises(ERRORS, match="sample_weight") as error:
        function(X, Y, sample_weight=bad)
    assert found in str(error.value)


@every_function
@pytest.mark.parametrize(
    ("bad", "found"),
    [
        (np.ones(N - 1), "19"),
        (np.ones((N, 1)), "1"),
        (with_value(np.ones(N), 5, np.nan), "5"),
        (with_value(np.ones(N), 5, -np.inf), "5"),
        (np.ones(N, complex), "complex"),
        (np.array(["a"] * N), ""),
    ],
)
def test_offsets(function, bad, found):
    with pytest.raises(ERRORS, match="offset") as error:
        function(X, Y, offset=bad)
    assert found in str(error.value)


@every_function
@pytest.mark.parametrize(
    ("bad", "found"),
    [
        (-1.0, "-1"),
        (np.nan, "nan"),
        (np.inf, "inf"),
        (np.ones(D + 1), "4"),
        (with_value(np.ones(D), 1, -2), "-2"),
        (with_value(np.ones(D), 1, np.nan), "nan"),
        ("much", "much"),
        (None, "None"),
    ],
)
def test_penalties(function, bad, found):
    with pytest.raises(ERRORS, match=r"\bl2\b") as error:
        function(X, Y, l2=bad)
    assert found in str(error.value)


@every_function
@pytest.mark.parametrize("bad", ["hinge", "", None, 3])
def test_losses(function, bad):
    with pytest.raises(ERRORS, match="loss"):
        function(X, Y, loss=bad)


@every_function
@pytest.mark.parametrize("bad", [0, -1, 1.5, "two", np.nan])
def test_threads(function, bad):
    with pytest.raises(ERRORS, match="n_threads"):
        function(X, Y, n_threads=bad)


@every_function
def test_unknown_options(function):
    with pytest.raises(TypeError, match="learning_rat"):
        function(X, Y, learning_rat=1)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("solver", "lbfsg"),
        ("solver", None),
        ("learning_rate", 0),
        ("learning_rate", -1.0),
        ("learning_rate", np.nan),
        ("learning_rate", np.inf),
        ("learning_rate", "fast"),
        ("tol", -1e-8),
        ("tol", np.nan),
        ("tol", "small"),
        ("max_iter", -1),
        ("max_iter", 1.5),
        ("max_iter", "many"),
        ("l1", -1.0),
        ("l1", 0.5),  # to come
        ("callback", 3),
        ("init", (W, np.nan)),
        ("init", (with_value(W, 1, np.inf), 0.0)),
        ("init", (np.zeros(D + 1), 0.0)),
    ],
)
def test_options_of_fit(name, bad):
    options = {"solver": "gd", name: bad}
    with pytest.raises(ERRORS, match=name):
        fastgd.fit(X, Y, **options)


@pytest.mark.parametrize(
    ("coef", "intercept", "name"),
    [
        (np.zeros(D + 1), 0.0, "coef"),
        (np.zeros((D, 1)), 0.0, "coef"),
        (with_value(W, 1, np.nan), 0.0, "coef"),
        (W.astype(complex), 0.0, "coef"),
        (W, np.nan, "intercept"),
        (W, np.zeros(2), "intercept"),
        (W, "zero", "intercept"),
    ],
)
def test_models(coef, intercept, name):
    with pytest.raises(ERRORS, match=name):
        fastgd.cost(X, Y, coef, intercept)
    with pytest.raises(ERRORS, match=name):
        fastgd.cost_and_gradient(X, Y, coef, intercept)
    with pytest.raises(ERRORS, match=name):
        fastgd.hessian_vector(X, Y, coef, intercept, W, 0.0)


def test_vectors():
    for v, v0, name in ((np.zeros(D + 1), 0.0, "v"), (W, np.nan, "v0"), (W, "one", "v0")):
        with pytest.raises(ERRORS, match=rf"\b{name}\b"):
            fastgd.hessian_vector(X, Y, W, 0.0, v, v0)


@pytest.mark.parametrize("method", ["decision_function", "predict_proba", "predict"])
def test_predictions(method):
    predict = getattr(fastgd.fit(X, Y), method)
    for bad in (np.zeros((5, D + 1)), np.zeros(D), X.astype(complex), None):
        with pytest.raises(ERRORS, match=r"\bX\b"):
            predict(bad)
    with pytest.raises(ValueError, match=r"\bX\b.*3"):
        predict(with_value(X, (3, 1), np.nan))
    with pytest.raises(ValueError, match="offset"):
        predict(X, offset=np.zeros(N + 1))


def broken(**changes):
    """A CSR matrix with some of its arrays replaced, past SciPy's own checks."""
    S = scipy.sparse.csr_array(X)
    for name, array in changes.items():
        setattr(S, name, array)
    return S


@every_function
def test_sparse_matrix_with_indices_out_of_range(function):
    indices, indptr = (getattr(scipy.sparse.csr_array(X), k) for k in ("indices", "indptr"))
    for changes in (
        {"indices": with_value(indices, 10, D).astype(np.int32)},
        {"indices": with_value(indices, 10, -1).astype(np.int32)},
        {"indptr": with_value(indptr, 3, 2).astype(np.int32)},
        {"indptr": with_value(indptr, N, N * D + 1).astype(np.int32)},
    ):
        with pytest.raises(ValueError, match=r"\bX\b"):
            function(broken(**changes), Y)


@pytest.mark.parametrize(
    ("y", "said"),
    [([1.5, 0, 1], "y[0] is 1.5: neither"), ([0, 2, 0.5], "y[1] is 2.0 and y[2] is 0.5: neither")],
)
def test_neither_classes_nor_probabilities(y, said):
    with pytest.raises(ValueError) as caught:
        fastgd.fit([[0.0], [1.0], [2.0]], y)
    assert str(caught.value).startswith(said)
