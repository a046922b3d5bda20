"""The fused pass against long double: every instruction set, type, layout and odd size."""

import tempfile

import numpy as np
import problems
import pytest
import scipy.sparse
from problems import DTYPES, LAYOUTS, SIZES, as_layout
from tolerances import EPS, TINY, Exact, assert_exact, assert_ulp, assert_within, needs_long_double

import fastgd
from fastgd import reference

pytestmark = [pytest.mark.kernels, needs_long_double]

LOSSES = "log_loss", "squared_error"
NATIVE = [(t, order) for t in DTYPES for order in LAYOUTS if problems.is_native(t, order)]


def check(M, X, y, w, b=0.0, *, rng=None, n_threads=None, **keywords):
    """Cost, gradient and Hessian product of `M`, whose elements are those of `X`, are right."""
    exact = Exact(X, y, w, b, **keywords)
    keywords["n_threads"] = n_threads
    value = fastgd.cost(M, y, w, b, **keywords)
    fused, g, g0 = fastgd.cost_and_gradient(M, y, w, b, **keywords)
    v, v0 = (np.ones(len(w)), 1.0) if rng is None else (rng.standard_normal(len(w)), 0.5)
    H, H0 = fastgd.hessian_vector(M, y, w, b, v, v0, **keywords)
    assert all(isinstance(number, float) for number in (value, fused, g0, H0))
    assert g.dtype == H.dtype == np.float64
    assert g.shape == H.shape == (len(w),)
    assert_exact(value, fused)
    underflow = len(y) * EPS * TINY
    wanted = exact.cost(), *exact.gradient(), *exact.hessian_vector(v, v0)
    for actual, (expected, bound) in zip((value, g, g0, H, H0), wanted, strict=True):
        assert_within(actual, expected, bound + underflow)


def everything(rng, X, loss):
    """Targets, model and all options at once, for a matrix."""
    n, d = X.shape
    w, b = problems.random_model(rng, X)
    return {
        "y": problems.random_targets(rng, n, loss, soft=True),
        "w": w,
        "b": b,
        "loss": loss,
        "l2": rng.random(d),
        "sample_weight": rng.random(n) + 0.01,
        "offset": rng.standard_normal(n),
        "rng": rng,
    }


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("dtype", "layout"), NATIVE)
def test_sizes_around_the_vector_widths(isa, rng, dtype, layout, loss):
    for n, d in [(n, 5) for n in SIZES] + [(11, d) for d in SIZES] + [(97, 97), (1, 1)]:
        X = problems.random_matrix(rng, n, d, dtype)
        check(as_layout(X, layout), X, **everything(rng, X, loss))


@pytest.mark.parametrize(("dtype", "layout"), NATIVE)
def test_several_blocks_of_rows(isa, rng, dtype, layout, n_threads):
    X = problems.random_matrix(rng, 3001, 33, dtype)
    check(as_layout(X, layout), X, **everything(rng, X, "log_loss"), n_threads=n_threads)


@pytest.mark.parametrize(("dtype", "layout"), NATIVE)
def test_hard_labels_and_no_options(isa, rng, dtype, layout):
    X = problems.random_matrix(rng, 65, 9, dtype)
    w, b = problems.random_model(rng, X)
    for y in (np.arange(65) % 2, (np.arange(65) % 2).astype(float), np.arange(65) % 2 == 0):
        check(as_layout(X, layout), X, y, w, b)


def test_names_of_classes_make_no_difference(rng):
    X = problems.random_matrix(rng, 30, 4)
    w, b = problems.random_model(rng, X)
    y = problems.random_targets(rng, 30).astype(int)
    expected = fastgd.cost(X, y, w, b)
    for labels in (["no", "yes"], [-1, 1], [3, 4], [2.0, 7.0], [False, True]):
        assert_exact(fastgd.cost(X, np.array(labels)[y], w, b), expected)
    assert_exact(fastgd.cost(X, np.array(["no", "yes"], dtype=object)[y], w, b), expected)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_columns(isa, layout):
    X = np.zeros((5, 0))
    y = np.array([0, 0.5, 1, 1, 0.25])
    check(as_layout(X, layout), X, y, np.zeros(0), 0.7)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_row(isa, rng, layout):
    X = rng.standard_normal((1, 6))
    check(as_layout(X, layout), X, np.array([0.25]), rng.standard_normal(6), -0.5)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_extreme_margins(isa, rng, layout):
    X = np.array([[1e3], [-1e3], [36.0], [-36.0], [709.0], [-745.0], [1e300], [-1e300], [1e-320]])
    for y in (np.arange(9) % 2, 1 - np.arange(9) % 2):
        check(as_layout(X, layout), X, y.astype(float), np.array([1.0]), loss="log_loss")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_denormals(isa, rng, layout):
    X = rng.integers(1, 1000, (33, 3)) * 5e-324
    y = problems.random_targets(rng, 33)
    check(as_layout(X, layout), X, y, np.array([1.0, 1e300, 1e307]), 0.1)
    check(as_layout(X.astype("f4"), layout), X.astype("f4"), y, np.ones(3), 0.1)


@pytest.mark.parametrize("factor", [1e300, 1e-300])
def test_extreme_weights(isa, rng, factor):
    X = rng.standard_normal((65, 4))
    options = everything(rng, X, "log_loss")
    options["sample_weight"] *= factor
    check(X, X, **options)
    options["sample_weight"][::3] = 1 / factor
    check(X, X, **options)


def test_weights_that_are_zero(isa, rng):
    X = rng.standard_normal((65, 4))
    options = everything(rng, X, "log_loss")
    options["sample_weight"][::2] = 0
    check(X, X, **options)


@pytest.mark.parametrize("layout", ["CSR int32", "CSR int64"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_untidy_sparse_matrix(isa, rng, dtype, layout):
    n, d, entries = 40, 12, 150
    rows, columns = np.sort(rng.integers(0, n, entries)), rng.integers(0, d, entries)
    data = rng.integers(-3, 4, entries).astype(dtype)  # zeros among them, duplicates exact
    indptr = np.searchsorted(rows, np.arange(n + 1))
    index = layout.split()[1]
    S = scipy.sparse.csr_array((data, columns, indptr), shape=(n, d))
    S.indices, S.indptr = S.indices.astype(index), S.indptr.astype(index)
    assert not S.has_canonical_format
    before = [array.copy() for array in (S.data, S.indices, S.indptr)]
    X = S.toarray()
    check(S, X, **everything(rng, X, "log_loss"))
    for array, copy in zip((S.data, S.indices, S.indptr), before, strict=True):
        assert_exact(array, copy)


def test_empty_sparse_matrix(isa, rng):
    S = scipy.sparse.csr_array((7, 3))
    check(S, S.toarray(), np.arange(7) / 7, rng.standard_normal(3), 0.5)
    S = scipy.sparse.csr_matrix((7, 3))
    check(S, S.toarray(), np.arange(7) / 7, rng.standard_normal(3), 0.5)


class Subclass(np.ndarray):
    def __matmul__(self, other):
        raise AssertionError("an operator of the subclass was used")


def unaligned(X):
    memory = np.zeros(X.nbytes + 1, np.uint8)
    view = memory[1:].view(X.dtype).reshape(X.shape)
    view[...] = X
    assert not view.flags.aligned
    return view


def read_only(X):
    X = X.copy()
    X.setflags(write=False)
    return X


def memory_mapped(X):
    with tempfile.NamedTemporaryFile() as file:
        X.tofile(file.name)
        return np.memmap(file.name, X.dtype, "r", shape=X.shape)


# Every way to hold the same numbers, and whether fastgd may read them in place.
HOLDERS = {
    "read-only": (read_only, True),
    "subclass": (lambda X: X.view(Subclass), True),
    "nothing masked": (lambda X: np.ma.masked_array(X, mask=np.zeros_like(X, bool)), True),
    "every second row": (lambda X: np.repeat(X, 2, 0)[::2], True),
    "memory-mapped": (memory_mapped, True),
    "unaligned": (unaligned, None),
    "rows reversed": (lambda X: X[::-1].copy()[::-1], None),
    "every second column": (lambda X: np.repeat(X, 2, 1)[:, ::2], False),
    "foreign byte order": (lambda X: X.astype(X.dtype.newbyteorder()), False),
    "column reversed": (lambda X: X[:, ::-1].copy()[:, ::-1], False),
    "list of lists": (lambda X: X.tolist(), False),
    "COO": (scipy.sparse.coo_array, False),
    "CSC": (scipy.sparse.csc_array, False),
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_any_holder_of_the_same_numbers(rng, holder):
    X = problems.random_matrix(rng, 70, 5)
    hold, in_place = HOLDERS[holder]
    M = hold(X)
    options = everything(rng, X, "log_loss")
    check(M, X, **options)
    fit = fastgd.fit(M, np.arange(70) % 2, l2=0.1)
    expected = fastgd.fit(X, np.arange(70) % 2, l2=0.1)
    np.testing.assert_allclose(fit.coef, expected.coef, rtol=1e-6, atol=1e-8)
    if in_place is not None:
        assert (fit.bytes_copied == 0) == in_place
    if in_place is False:
        assert fit.bytes_copied >= scipy.sparse.csr_array(X).nnz * 8
        assert "X was copied" in fit.message


@pytest.mark.parametrize("dtype", ["float16", "int8", "int32", "int64", "uint16", "longdouble"])
def test_other_types_are_converted_and_counted(rng, dtype):
    X = rng.integers(0, 100, (70, 5)).astype(dtype)
    check(X, X, **everything(rng, X, "log_loss"))
    fit = fastgd.fit(X, np.arange(70) % 2, l2=0.1)
    assert fit.bytes_copied >= X.size * 4
    assert "X was copied" in fit.message


def test_bool_is_read_as_bytes(rng):
    X = rng.random((70, 5)) < 0.5
    check(X, X, **everything(rng, X, "log_loss"))
    fit = fastgd.fit(X, np.arange(70) % 2, l2=0.1)
    assert fit.bytes_copied == 0


@pytest.mark.parametrize("name", ["y", "w", "sample_weight", "offset", "l2"])
def test_other_arrays_in_any_form(rng, name):
    X = rng.standard_normal((40, 6))
    options = everything(rng, X, "log_loss")
    values = np.round(options[name] * 64) / 64  # exact in float32 and text
    for form in (
        list(values),
        values.astype("f4"),
        values.astype(values.dtype.newbyteorder()),
        np.repeat(values, 2)[::2],
        values[::-1].copy()[::-1],
        unaligned(values),
        read_only(values),
        values.view(Subclass),
    ):
        got = dict(options, **{name: form})
        y, w, b, _ = (got.pop(key) for key in ("y", "w", "b", "rng"))
        expected = dict(options, **{name: values})
        y0, w0, b0, _ = (expected.pop(key) for key in ("y", "w", "b", "rng"))
        actual = fastgd.cost_and_gradient(X, y, w, b, **got)
        wanted = fastgd.cost_and_gradient(X, y0, w0, b0, **expected)
        for a, e in zip(actual, wanted, strict=True):
            assert_exact(a, e)


def test_inputs_are_left_alone(rng):
    X = rng.standard_normal((50, 4))
    options = everything(rng, X, "log_loss")
    y, w, b, _ = (options.pop(key) for key in ("y", "w", "b", "rng"))
    arrays = [X, y, w, options["l2"], options["sample_weight"], options["offset"]]
    before = [array.copy() for array in arrays]
    fastgd.cost_and_gradient(X, y, w, b, **options)
    fastgd.hessian_vector(X, y, w, b, w, b, **options)
    fastgd.fit(X, y, l2=options["l2"], sample_weight=options["sample_weight"], init=(w, b))
    for array, copy in zip(arrays, before, strict=True):
        assert_exact(array, copy)


def test_one_penalty_for_all_is_one_for_each(rng):
    X = rng.standard_normal((50, 4))
    y, w = problems.random_targets(rng, 50), rng.standard_normal(4)
    one = fastgd.cost_and_gradient(X, y, w, 0.5, l2=0.3)
    each = fastgd.cost_and_gradient(X, y, w, 0.5, l2=np.full(4, 0.3))
    assert one[0] == pytest.approx(each[0], rel=4 * EPS)
    np.testing.assert_allclose(one[1], each[1], rtol=4 * EPS)
    assert_exact(one[2], each[2])


@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_by_finite_differences(isa, rng, loss):
    X = rng.standard_normal((200, 4))
    options = everything(rng, X, loss)
    y, w, b, _ = (options.pop(key) for key in ("y", "w", "b", "rng"))
    value, g, g0 = fastgd.cost_and_gradient(X, y, w, b, **options)
    h = 1e-4
    A = np.column_stack([X, np.ones(len(X))])
    for j, derivative in enumerate([*g, g0]):
        step = h * np.eye(5)[j]
        ahead = fastgd.cost(X, y, w + step[:-1], b + step[-1], **options)
        behind = fastgd.cost(X, y, w - step[:-1], b - step[-1], **options)
        # the third derivative of the log loss is at most 1 / (6 sqrt 3)
        s = options["sample_weight"] / options["sample_weight"].sum()
        curve = h**2 / 6 * (s @ np.abs(A[:, j]) ** 3) * 0.0963
        rounding = 64 * EPS * (1 + value) / h
        assert abs((ahead - behind) / (2 * h) - derivative) <= curve + rounding


@pytest.mark.parametrize("loss", LOSSES)
def test_hessian_by_finite_differences(isa, rng, loss):
    X = rng.standard_normal((200, 4))
    options = everything(rng, X, loss)
    y, w, b, _ = (options.pop(key) for key in ("y", "w", "b", "rng"))
    v, v0, h = rng.standard_normal(4), 0.7, 1e-4
    H, _ = fastgd.hessian_vector(X, y, w, b, v, v0, **options)
    _, ahead, _ = fastgd.cost_and_gradient(X, y, w + h * v, b + h * v0, **options)
    _, behind, _ = fastgd.cost_and_gradient(X, y, w - h * v, b - h * v0, **options)
    s = options["sample_weight"] / options["sample_weight"].sum()
    # the fourth derivative of the log loss is at most 1 / 8
    curve = h**2 / 6 * (s @ (np.abs(X) * np.abs(X @ v + v0)[:, None] ** 3)) / 8
    rounding = 64 * EPS * (1 + np.abs(y).max()) * np.abs(X).max() / h
    assert np.all(np.abs((ahead - behind) / (2 * h) - H) <= curve + rounding)


@pytest.mark.slow
@pytest.mark.parametrize("order", ["C", "F"])
def test_more_elements_than_32_bits_count(order):
    """Over 2**31 of them, all but a few on pages that were never written."""
    n, d = 1_100_000, 2000
    X = np.zeros((n, d) if order == "C" else (d, n), np.uint8)
    X = X if order == "C" else X.T
    X[-1], X[-2, -1], X[0, 0] = 3, 7, 5
    y, w = np.arange(n) % 2, np.zeros(d)
    w[0], w[-1] = 0.1, 0.5
    z = np.full(n, 0.25)
    z[[0, -2, -1]] += 0.5, 3.5, 1.8
    r = (reference.sigmoid(z) - y) / n
    value, g, g0 = fastgd.cost_and_gradient(X, y, w, 0.25)
    assert value == pytest.approx(reference.log_loss(y, z).mean(), rel=1e-12)
    assert g0 == pytest.approx(r.sum(), rel=1e-12)
    expected = np.full(d, 3 * r[-1])
    expected[0] += 5 * r[0]
    expected[-1] += 7 * r[-2]
    np.testing.assert_allclose(g, expected, rtol=1e-12)


def test_sigmoid_within_two_ulp(isa, rng):
    z = np.concatenate([
        np.linspace(-745, 40, 20001),
        rng.standard_normal(20000),
        rng.standard_normal(1000) * 1e-9,
        10.0 ** np.arange(-320, 308, dtype=float),
        -(10.0 ** np.arange(-320, 308, dtype=float)),
        [0.0, -0.0],
    ])  # fmt: skip
    assert_ulp(fastgd.sigmoid(z), reference.sigmoid(z.astype(np.longdouble)), 2)


def test_sigmoid_limits(isa):
    for width in range(1, 20):  # the tails of vectors too
        z = np.resize([-np.inf, np.inf, np.nan, -1e308, 1e308, 0.0, -0.0], width)
        expected = np.resize([0, 1, np.nan, 0, 1, 0.5, 0.5], width)
        np.testing.assert_array_equal(fastgd.sigmoid(z), expected)


@pytest.mark.parametrize("n", [0, *SIZES])
def test_sigmoid_writes_its_output_and_nothing_else(isa, rng, n):
    z = rng.standard_normal(n)
    guarded = np.full(n + 32, 7.5)
    out = guarded[16 : n + 16]
    assert fastgd.sigmoid(z, out=out) is out
    assert_exact(out, fastgd.sigmoid(z))
    np.testing.assert_array_equal(guarded[:16], 7.5)
    np.testing.assert_array_equal(guarded[n + 16 :], 7.5)
    fastgd.sigmoid(z, out=z)
    assert_exact(z, out.copy())


def test_sigmoid_of_anything(rng):
    assert float(fastgd.sigmoid(0.0)) == 0.5
    assert float(fastgd.sigmoid(0)) == 0.5
    for z in (rng.standard_normal((3, 4)), rng.standard_normal((3, 4)).T, np.arange(5)):
        p = fastgd.sigmoid(z)
        assert p.shape == z.shape
        assert_exact(p.ravel(), fastgd.sigmoid(np.ravel(z)))
    assert_exact(fastgd.sigmoid([1, 2.5]), fastgd.sigmoid(np.array([1, 2.5])))


@pytest.mark.parametrize(
    "out", [np.zeros(3), np.zeros(4, "f4"), np.zeros((4, 1)), [0.0] * 4, read_only(np.zeros(4))]
)
def test_sigmoid_refuses_an_output_that_does_not_fit(out):
    with pytest.raises((ValueError, TypeError), match="out"):
        fastgd.sigmoid(np.zeros(4), out=out)
