"""Tables of pandas, polars, PyArrow and DuckDB: names, levels, missing cells, views, messages."""

import datetime
import decimal
import pickle
import sys
import tracemalloc
import warnings

import numpy as np
import pytest

import fastgd
from fastgd import DataError, frames
from fastgd.coding import Category, Numeric, UnseenLevelError, UnseenLevelWarning

pytest.importorskip("narwhals")
N = 60


def columns():
    """Numbers, whole numbers, booleans, texts; and a target that none of them settles."""
    rng = np.random.default_rng(0)
    x, i = rng.normal(size=N), rng.integers(0, 9, N)
    k = rng.choice(["u", "v", "w"], N, p=[0.2, 0.5, 0.3])
    b = rng.random(N) > 0.5
    y = (x + (k == "u") + rng.normal(size=N) > 0).astype(int)
    return {"x": x, "i": i, "b": b, "k": k}, y


DATA, Y = columns()
NAMES = ["x", "i", "b", "k=u", "k=w"]
MATRIX = np.column_stack(
    [DATA["x"], DATA["i"], DATA["b"], DATA["k"] == "u", DATA["k"] == "w"]
).astype(float)


# ---------------------------------------------------------------- the libraries


def of_pandas(kind):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(DATA)
    if kind == "nullable":
        return frame.convert_dtypes()
    if kind == "of Arrow":
        pytest.importorskip("pyarrow")
        return frame.convert_dtypes(dtype_backend="pyarrow")
    if kind == "category":
        levels = pandas.Categorical(DATA["k"], categories=["w", "z", "v", "u"], ordered=True)
        return frame.assign(k=levels)
    if kind == "objects":
        return frame.astype({"i": object, "b": object, "k": object})
    return frame


def of_polars(kind):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(DATA)
    if kind == "lazy":
        return frame.lazy()
    if kind == "Categorical":
        return frame.with_columns(polars.col("k").cast(polars.Categorical))
    if kind == "Enum":
        return frame.with_columns(polars.col("k").cast(polars.Enum(["w", "z", "v", "u"])))
    if kind == "chunked":
        return polars.concat([frame[:20], frame[20:]], rechunk=False)
    return frame


def of_pyarrow(kind):
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table(DATA)
    if kind == "batch":
        return table.to_batches()[0]
    if kind == "chunked dictionaries":
        parts = []
        for rows in (slice(0, 20), slice(20, N)):
            levels = pyarrow.array(DATA["k"][rows]).dictionary_encode()
            parts.append(pyarrow.table({name: column[rows] for name, column in DATA.items()}))
            parts[-1] = parts[-1].set_column(3, "k", levels)
        return pyarrow.concat_tables(parts)
    return table


def of_duckdb(kind):
    duckdb = pytest.importorskip("duckdb")
    relation = duckdb.from_arrow(of_pyarrow("plain"))
    if kind == "enum and decimal":
        return relation.project("x, i::decimal(9, 2) as i, b, k::enum('w', 'z', 'v', 'u') as k")
    return relation


FRAMES = [
    *[(of_pandas, kind) for kind in ("plain", "nullable", "of Arrow", "category", "objects")],
    *[(of_polars, kind) for kind in ("plain", "lazy", "Categorical", "Enum", "chunked")],
    *[(of_pyarrow, kind) for kind in ("plain", "batch", "chunked dictionaries")],
    *[(of_duckdb, kind) for kind in ("plain", "enum and decimal")],
]


@pytest.fixture(params=FRAMES, ids=lambda item: f"{item[0].__name__[3:]} {item[1]}")
def frame(request):
    make, kind = request.param
    return make(kind)


def test_every_library_gives_the_same_model(frame):
    fit = fastgd.fit(frame, Y)
    plain = fastgd.fit(MATRIX, Y)
    assert fit.names == NAMES
    assert np.array_equal(fit.design(frame), MATRIX)
    assert fit.design(frame).flags.f_contiguous and fit.design(frame).dtype == np.float64
    assert fit.bytes_copied == MATRIX.nbytes and "copied" in fit.message
    np.testing.assert_allclose(fit.coef, plain.coef, rtol=1e-6, atol=1e-6)
    first = np.asfortranarray(MATRIX)
    assert np.array_equal(fit.predict_proba(frame), fit.predict_proba(first))
    assert np.array_equal(fit.decision_function(frame), fit.decision_function(first))
    assert np.array_equal(fit.predict(frame), fit.predict(first))
    summary = fit.summary(frame, Y)
    assert summary.names == ["intercept", *NAMES]
    np.testing.assert_array_equal(summary.bse, fit.summary(first, Y).bse)


def test_a_model_knows_frames_of_other_libraries_again(frame):
    fit = fastgd.fit(of_pandas("plain"), Y)
    expected = fit.predict_proba(of_pandas("plain"))
    assert np.array_equal(fit.predict_proba(frame), expected)


def test_estimators(frame):
    pytest.importorskip("sklearn")
    if type(frame).__name__ == "LazyFrame":
        frame = frame.collect()
    model = fastgd.LogisticRegression(C=np.inf).fit(frame, Y)
    assert model.result_.names == NAMES and model.n_features_in_ == 4
    assert model.feature_names_in_.tolist() == list(DATA)
    np.testing.assert_allclose(model.coef_[0], fastgd.fit(MATRIX, Y).coef, rtol=1e-6, atol=1e-6)
    expected = model.result_.predict_proba(frame)
    np.testing.assert_allclose(model.predict_proba(frame), expected, rtol=1e-12)
    assert model.score(frame, Y) == np.mean(model.predict(frame) == Y)


# ---------------------------------------------------------------- targets


def targets():
    words = np.where(Y == 1, "yes", "no")
    yield "pandas str", "pandas", lambda p: p.Series(words)
    yield "pandas object", "pandas", lambda p: p.Series(words.astype(object))
    yield "pandas category", "pandas", lambda p: p.Series(words, dtype="category")
    yield "pandas ints as category", "pandas", lambda p: p.Series(Y + 3, dtype="category")
    yield "pandas boolean", "pandas", lambda p: p.Series(Y == 1, dtype="boolean")
    yield "pandas Int64", "pandas", lambda p: p.Series(Y, dtype="Int64")
    yield "pandas frame", "pandas", lambda p: p.DataFrame({"t": Y})
    yield "polars", "polars", lambda p: p.Series(words)
    yield "polars Enum", "polars", lambda p: p.Series(words).cast(p.Enum(["yes", "no"]))
    yield "polars bool", "polars", lambda p: p.Series(Y == 1)
    yield "arrow", "pyarrow", lambda p: p.array(words)
    yield "arrow dictionary", "pyarrow", lambda p: p.array(words).dictionary_encode()
    yield "arrow chunks", "pyarrow", lambda p: p.chunked_array([words[:9], words[9:]])
    yield "duckdb", "duckdb", lambda d: d.from_arrow(__import__("pyarrow").table({"t": words}))


@pytest.mark.parametrize(("library", "make"), [pytest.param(*t[1:], id=t[0]) for t in targets()])
def test_targets(library, make):
    y = make(pytest.importorskip(library))
    fit = fastgd.fit(MATRIX, y)
    np.testing.assert_allclose(fit.coef, fastgd.fit(MATRIX, Y).coef)
    assert fit.classes.tolist() in (["no", "yes"], [0, 1], [3, 4], [False, True])
    assert fit.classes.dtype.kind in "Uib"
    assert fit.summary(MATRIX, y).nobs == N
    assert fastgd.cost(MATRIX, y, fit.coef, fit.intercept) == fit.cost


def test_soft_labels_of_several_classes():
    pandas = pytest.importorskip("pandas")
    p = 0.1 + 0.8 * Y
    y = pandas.DataFrame({"no": 1 - p, "yes": p})
    fit = fastgd.fit(MATRIX, y, loss="softmax")
    np.testing.assert_array_equal(fit.coef, fastgd.fit(MATRIX, y.to_numpy(), loss="softmax").coef)


def test_weights_and_offsets():
    polars = pytest.importorskip("polars")
    s, o = np.arange(1.0, N + 1), np.linspace(-1, 1, N)
    frame = of_polars("plain")
    fit = fastgd.fit(frame, Y, sample_weight=polars.Series(s), offset=polars.Series(o))
    again = fastgd.fit(np.asfortranarray(MATRIX), Y, sample_weight=s, offset=o)
    assert np.array_equal(fit.coef, again.coef)
    with pytest.raises(DataError, match="sample_weight has a missing cell in row 3"):
        fastgd.fit(frame, Y, sample_weight=polars.Series([1.0] * 3 + [None] + [1.0] * (N - 4)))


def test_targets_that_cannot_be():
    polars = pytest.importorskip("polars")
    pandas = pytest.importorskip("pandas")
    gaps = [None, 1, None, *Y[3:]]
    with pytest.raises(DataError, match=r"y has 2 missing cells, the first in row 0, .* drop"):
        fastgd.fit(MATRIX, polars.Series(gaps))
    with pytest.raises(DataError, match=r"y holds dates or times \(Date\); wanted are numbers"):
        fastgd.fit(MATRIX, polars.Series([datetime.date(2020, 1, 1)] * N))
    with pytest.raises(DataError, match=r"y mixes int \(1 in row 0\) and str \('a' in row 1\)"):
        fastgd.fit(MATRIX, pandas.Series([1, "a"] * (N // 2), dtype=object))
    with pytest.raises(DataError, match="y has 4 columns; wanted is one"):
        fastgd.fit(MATRIX, of_pandas("plain"))
    with pytest.raises(ValueError, match=r"y must have shape \(60,\).*found \(5,\)"):
        fastgd.fit(of_pandas("plain"), pandas.Series(Y[:5]))


@pytest.mark.parametrize("dtype", [">f8", ">f4", ">i8", ">i2", ">u4"])
def test_columns_of_the_other_byte_order(dtype):
    pandas = pytest.importorskip("pandas")
    plain = pandas.DataFrame({"a": np.round(10 * DATA["x"]) + 50, "b": DATA["i"]}).astype(dtype[1:])
    other, labels = plain.astype(dtype), pandas.Series(Y.astype(dtype))
    wanted = fastgd.fit(plain.astype(float).to_numpy(), Y)
    for X, y in ((other, Y), (plain, labels), (other, labels)):
        fit = fastgd.fit(X, y)
        np.testing.assert_allclose(fit.coef, wanted.coef, rtol=1e-6)
        assert fit.classes.dtype.isnative and fit.names == ["a", "b"]
        np.testing.assert_allclose(fit.predict_proba(other), fit.predict_proba(plain), rtol=1e-12)
    texts = other.assign(k=DATA["k"])
    coded = fastgd.fit(plain.assign(k=DATA["k"]).astype({"a": float, "b": float}), Y)
    assert np.array_equal(fastgd.fit(texts, Y).coef, coded.coef)
    pytest.importorskip("sklearn")
    for X in (other, texts):
        model = fastgd.LogisticRegression(l2=0.01).fit(X, labels)
        np.testing.assert_allclose(model.coef_[0], fastgd.fit(X, Y, l2=0.01).coef, rtol=1e-6)


def test_gaps_in_columns_of_the_other_byte_order():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": np.where(np.arange(N) == 3, np.nan, DATA["x"]).astype(">f8")})
    with pytest.raises(DataError, match="column 'a' has a missing cell in row 3"):
        fastgd.fit(frame, Y)
    fit = fastgd.fit(frame, Y, l2=0.01, missing="impute")
    assert fit.names == ["a", "a=(missing)"]
    plain = fastgd.fit(frame.astype(float), Y, l2=0.01, missing="impute")
    assert np.array_equal(fit.coef, plain.coef)


# ---------------------------------------------------------------- coding


def test_what_is_learned():
    fit = fastgd.fit(of_pandas("plain"), Y)
    number = [Numeric(name, None, True, False) for name in "xib"]
    assert fit.coding.columns == (*number, Category("k", "v", ("u", "w"), ()))


@pytest.mark.parametrize("make", [of_pandas, of_polars, of_pyarrow])
def test_imputing(make):
    x, k, b = DATA["x"].tolist(), DATA["k"].tolist(), DATA["b"].tolist()
    x[3], k[5], b[7] = None, None, None
    if make is of_pandas:
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame({"x": x, "k": k, "b": pandas.array(b, dtype="boolean")})
    elif make is of_polars:
        frame = pytest.importorskip("polars").DataFrame({"x": x, "k": k, "b": b})
    else:
        pyarrow = pytest.importorskip("pyarrow")
        frame = pyarrow.table({"x": x, "k": pyarrow.array(k).dictionary_encode(), "b": b})
    fit = fastgd.fit(frame, Y, missing="impute", l2=0.1)
    assert fit.names == ["x", "x=(missing)", "k=u", "k=w", "k=(missing)", "b", "b=(missing)"]
    median = np.median(np.delete(DATA["x"], 3))
    design = fit.design(frame)
    gap = np.arange(N)
    assert np.array_equal(design[:, 0], np.where(gap == 3, median, DATA["x"]))
    for column, row in ((1, 3), (4, 5), (6, 7)):
        assert np.array_equal(design[:, column], gap == row)
    assert np.array_equal(design[:, 2], (DATA["k"] == "u") & (gap != 5))
    half = np.median(np.delete(DATA["b"], 7))
    assert np.array_equal(design[:, 5], np.where(gap == 7, half, DATA["b"]))
    with pytest.raises(DataError, match="a missing cell in row"):
        fastgd.fit(frame, Y)


def test_numbers_without_gaps_are_filled_in_later_ones():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": DATA["x"]})
    fit = fastgd.fit(frame, Y, missing="impute")
    assert fit.names == ["x"]
    later = fit.design(pandas.DataFrame({"x": [np.nan, 2.0]}))
    assert np.array_equal(later[:, 0], [np.median(DATA["x"]), 2.0])


def test_levels_are_the_same_however_they_are_stored():
    pandas = pytest.importorskip("pandas")
    code = np.arange(N) % 3
    fit = fastgd.fit(pandas.DataFrame({"c": pandas.Categorical(code)}), Y)
    assert fit.names == ["c=1", "c=2"]
    for column in (code, code.astype(float), code.astype(str), pandas.Categorical(code)):
        assert np.array_equal(fit.design(pandas.DataFrame({"c": column}))[:, 1], code == 2)
    intervals = pandas.cut(DATA["x"], [-9, -1, 1, 9])
    named = fastgd.fit(pandas.DataFrame({"c": intervals}), Y, l2=0.1).names
    assert named == ["c=(-9, -1]", "c=(1, 9]"]


def test_columns_go_by_name():
    fit = fastgd.fit(of_pandas("plain"), Y)
    frame = of_pandas("plain")
    more = frame[["k", "b", "x", "i"]].assign(z=datetime.date(2020, 1, 1))
    assert np.array_equal(fit.predict_proba(more), fit.predict_proba(frame))
    with pytest.raises(DataError, match=r"columns 'x', 'k', .* is 'X' meant for 'x'\?"):
        fit.predict(frame.rename(columns={"x": "X", "k": "kind of thing"}))
    with pytest.raises(DataError, match=r"X has no column 'i', .* it has x, b, k"):
        fit.predict(frame[["x", "b", "k"]])


def test_a_model_of_an_array_takes_numbers():
    pandas = pytest.importorskip("pandas")
    fit = fastgd.fit(MATRIX[:, :2], Y)
    frame = pandas.DataFrame(MATRIX[:, :2], columns=["x", "i"])
    assert np.array_equal(fit.predict(frame), fit.predict(MATRIX[:, :2]))
    fit.names = ["x", "i"]
    assert np.array_equal(fit.predict(frame[["i", "x"]]), fit.predict(MATRIX[:, :2]))
    with pytest.raises(DataError, match="no column 'x'"):
        fit.predict(frame[["i"]])
    fit.names = None
    with pytest.raises(DataError, match="column 'k' holds text, where numbers are wanted"):
        fit.predict(of_pandas("plain")[["x", "k"]])
    with pytest.raises(TypeError, match="X must be a frame, found ndarray"):
        fit.design(MATRIX)


def test_cost_of_a_frame():
    fit = fastgd.fit(of_pandas("plain"), Y)
    frame = of_polars("plain").select("x", "i")
    X = np.asfortranarray(MATRIX[:, :2])
    assert fastgd.cost(frame, Y, [1, 2]) == fastgd.cost(X, Y, [1, 2])
    for a, b in zip(
        fastgd.cost_and_gradient(frame, Y, [1, 2]),
        fastgd.cost_and_gradient(X, Y, [1, 2]),
        strict=True,
    ):
        assert np.array_equal(a, b)
    with pytest.raises(DataError, match=r"column 'k' holds text.*FitResult\.design"):
        fastgd.cost(of_pandas("plain"), Y, fit.coef)
    assert fastgd.cost(fit.design(of_pandas("plain")), Y, fit.coef, fit.intercept) == fit.cost


def test_unseen_levels():
    frame = of_pandas("plain")
    fit = fastgd.fit(frame, Y)
    strange = frame.assign(k=["z", *DATA["k"][1:]])
    with pytest.raises(UnseenLevelError, match=r"'k' holds 'z' \(first in data row 0, counting"):
        fit.predict(strange)
    usual = frame.assign(k=["v", *DATA["k"][1:]])
    with pytest.warns(UnseenLevelWarning, match="1 row taken as 'v', the reference level"):
        p = fit.predict_proba(strange, unseen="ignore")
    assert np.array_equal(p, fit.predict_proba(usual))
    with pytest.raises(UnseenLevelError, match=r"'k' holds '\(missing\)'"):
        fit.predict(frame.assign(k=[None, *DATA["k"][1:]]))
    with pytest.raises(ValueError, match="unseen must be 'error' or 'ignore', found 'drop'"):
        fit.predict(frame, unseen="drop")


def test_a_saved_model_codes_as_before(tmp_path):
    frame = of_pandas("plain").assign(x=[None, *DATA["x"][1:]])
    fit = fastgd.fit(frame, Y, missing="impute", l2=0.1)
    fit.save(tmp_path / "model")
    for again in (fastgd.load(tmp_path / "model"), pickle.loads(pickle.dumps(fit))):
        assert again.coding == fit.coding and again.names == fit.names
        assert np.array_equal(again.predict_proba(frame), fit.predict_proba(frame))
    fit.coding = fastgd.fit(frame[["k"]], Y).coding
    fit.save(tmp_path / "damaged")
    with pytest.raises(ValueError, match="coding is missing, impossible, or does not fit"):
        fastgd.load(tmp_path / "damaged")


def test_a_model_of_the_command_line_takes_frames(tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    from fastgd.cli import main

    frame = pandas.DataFrame({"x": DATA["x"], "k": DATA["k"], "y": Y})
    frame.to_csv(tmp_path / "t.csv", index=False)
    model = str(tmp_path / "model")
    assert main(["fit", str(tmp_path / "t.csv"), "--target", "y", "--save", model]) == 0
    fit = fastgd.load(model)
    design = fit.design(frame)
    assert fit.names[0] == "x" and np.array_equal(design[:, 0], DATA["x"])
    assert np.array_equal(fit.predict_proba(frame), fit.predict_proba(design))


# ---------------------------------------------------------------- memory


def shares(frame, name, matrix):
    return np.may_share_memory(frame[name].to_numpy(), matrix)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.uint8, bool])
@pytest.mark.parametrize("order", "CF")
def test_single_blocks_of_pandas_are_views(dtype, order):
    pandas = pytest.importorskip("pandas")
    X = np.asarray(MATRIX[:, :4] > 0.3 if dtype is bool else MATRIX[:, :4], order=order)
    block = np.asarray(np.abs(X).astype(dtype), order=order)
    frame = pandas.DataFrame(block, columns=list("abcd"), copy=False)
    fit = fastgd.fit(frame, Y, l2=0.1)
    assert fit.bytes_copied == 0 and "copied" not in fit.message
    assert shares(frame, "a", fit.design(frame)) and np.array_equal(fit.design(frame), block)
    assert np.array_equal(fit.coef, fastgd.fit(frame.to_numpy(), Y, l2=0.1).coef)
    other = frame[["b", "a", "c", "d"]]
    assert np.array_equal(fit.design(other), block)
    assert not shares(other, "a", fit.design(other))


def test_one_column_of_arrow_or_polars_is_a_view():
    pyarrow = pytest.importorskip("pyarrow")
    polars = pytest.importorskip("polars")
    for frame in (pyarrow.table({"x": DATA["x"]}), polars.DataFrame({"x": DATA["x"]})):
        fit = fastgd.fit(frame, Y)
        assert fit.bytes_copied == 0 and np.array_equal(fit.design(frame)[:, 0], DATA["x"])
    chunked = pyarrow.table({"x": pyarrow.chunked_array([DATA["x"][:9], DATA["x"][9:]])})
    fit = fastgd.fit(chunked, Y)
    assert fit.bytes_copied == DATA["x"].nbytes and fit.names == ["x"]


def test_a_mapped_file_of_arrow_is_a_view(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({name: MATRIX[:, j].copy() for j, name in enumerate("abc")})
    with pyarrow.OSFile(str(tmp_path / "t"), "wb") as file:
        with pyarrow.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
    mapped = pyarrow.ipc.open_file(pyarrow.memory_map(str(tmp_path / "t"))).read_all()
    fit = fastgd.fit(mapped, Y)
    design = fit.design(mapped)
    del mapped, table
    assert fit.bytes_copied == 0
    assert np.array_equal(design, MATRIX[:, :3])  # kept alive by the matrix alone


def test_types():
    pandas = pytest.importorskip("pandas")
    x = DATA["x"].astype(np.float32)
    k = DATA["k"]
    single = pandas.DataFrame({"a": x, "b": pandas.Series(x[::-1].copy(), dtype="Float32")})
    frames_and_types = [
        (single, np.float32),
        (single.assign(c=DATA["x"]), np.float64),
        (single.assign(c=k), np.float64),
        (pandas.DataFrame({"c": k, "b": DATA["b"]}), np.uint8),
        (pandas.DataFrame({"a": DATA["i"]}), np.float64),
    ]
    for frame, dtype in frames_and_types:
        fit = fastgd.fit(frame, Y, l2=0.1)
        assert fit.design(frame).dtype == dtype
        assert np.array_equal(fit.design(frame), np.asarray(fit.design(frame), float))
        assert fit.bytes_copied in (
            0,
            fit.design(frame).nbytes,
        )  # in place, where they happen to lie


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_one_array_and_no_more(library):
    module = pytest.importorskip(library)
    n, d = 50_000, 20
    rng = np.random.default_rng(0)
    data = {f"c{j}": rng.normal(size=n) for j in range(d)}
    data["i"] = rng.integers(0, 5, n)
    frame = module.table(data) if library == "pyarrow" else module.DataFrame(data)
    read = frames.read(frame)
    coding = frames.learn(read)
    frames.design(read, coding)  # imports and the like
    tracemalloc.start()
    try:
        matrix, copied = frames.design(read, coding)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert copied == matrix.nbytes == n * (d + 1) * 8
    assert peak < copied + 2 * n  # not even one column more


# ---------------------------------------------------------------- ugly frames


def ugly():
    day = datetime.date(2020, 1, 1)
    yield [None] * N, "column 'u' has (no values; leave it out|60 missing cells)"
    yield [1.0, np.nan, None, *DATA["x"][3:]], "'u' has 2 missing cells, the first in row 1, count"
    yield [np.inf, *DATA["x"][1:]], "'u' holds inf in row 0, counting from 0; numbers must be fin"
    yield ["a", None, *["b"] * (N - 2)], "column 'u' has a missing cell in row 1, counting from 0"
    yield [day] * N, r"column 'u' holds dates or times \(.*; convert it to numbers \(a year"
    yield [datetime.datetime(2020, 1, 1)] * N, "column 'u' holds dates or times"
    yield [datetime.timedelta(1)] * N, "column 'u' holds dates or times"
    yield [[1, 2]] * N, "column 'u' holds nested values"
    yield [{"a": 1}] * N, "column 'u' holds nested values"
    yield [b"a"] * N, "column 'u' holds bytes"
    yield [str(x) for x in DATA["x"]], "column 'u' holds 60 different texts that read like numbers"
    yield [f"p{i}" for i in range(N)], "column 'u' holds 60 different texts in 60 rows, too many"


@pytest.mark.parametrize(("cells", "message"), list(ugly()))
@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_columns_that_cannot_be(library, cells, message):
    module = pytest.importorskip(library)
    data = {"x": DATA["x"], "u": cells}
    frame = module.table(data) if library == "pyarrow" else module.DataFrame(data)
    with pytest.raises(DataError, match=message):
        fastgd.fit(frame, Y)


def test_more_columns_that_cannot_be_of_pandas():
    pandas = pytest.importorskip("pandas")
    frame = of_pandas("plain")
    first = ["three", 4, *[4] * (N - 2)]
    for column, message in [
        (pandas.Series(first, dtype=object), r"'u' mixes str \('three' in row 0\) and int \(4 in"),
        (pandas.Series([True, *first[1:]], dtype=object), "'u' mixes bool .* and int"),
        ([object()] * N, r"column 'u' holds objects \(object\)"),
        (1j, "column 'u' holds values of another kind"),
        (pandas.period_range("2020", periods=N, freq="D"), "column 'u' holds dates or times"),
        (pandas.Categorical([1, "1"] * (N // 2)), "column 'u' has two levels that read '1'"),
    ]:
        with pytest.raises(DataError, match=message):
            fastgd.fit(frame.assign(u=column), Y)
    number = decimal.Decimal("0.5")
    fit = fastgd.fit(frame.assign(u=[number, *DATA["x"][1:]]), Y, l2=0.1)
    assert fit.names[-1] == "u"
    sparse = pandas.arrays.SparseArray((DATA["x"] > 1).astype(float))
    fit = fastgd.fit(frame[["x"]].assign(u=sparse), Y, l2=0.1)
    assert np.array_equal(fit.design(frame.assign(u=sparse))[:, 1], DATA["x"] > 1)


def test_frames_that_are_none():
    pandas = pytest.importorskip("pandas")
    frame = of_pandas("plain")
    with pytest.raises(DataError, match="X has no rows, only the columns x, i, b, k"):
        fastgd.fit(frame[:0], Y[:0])
    with pytest.raises(DataError, match="X has no columns"):
        fastgd.fit(frame[[]], Y)
    with pytest.raises(DataError, match="X has two columns called 'a'; rename one"):
        fastgd.fit(pandas.DataFrame(MATRIX[:, :2], columns=["a", "a"]), Y)
    with pytest.raises(DataError, match="X has two columns called '1'"):
        fastgd.fit(pandas.DataFrame(MATRIX[:, :2], columns=["1", 1]), Y)
    assert fastgd.fit(pandas.DataFrame(MATRIX[:, :2]), Y).names == ["0", "1"]
    with pytest.raises(ValueError, match=r"missing='impute' goes with a frame.*ndarray"):
        fastgd.fit(MATRIX, Y, missing="impute")
    with pytest.raises(ValueError, match="missing must be 'error' or 'impute', found 'fill'"):
        fastgd.fit(frame, Y, missing="fill")


def test_cells_that_are_no_numbers_at_prediction():
    frame = of_pandas("plain")
    fit = fastgd.fit(frame, Y)
    with pytest.raises(DataError, match="'x' must hold numbers, found 'old' in data row 0"):
        fit.predict(frame.assign(x="old"))
    with pytest.raises(DataError, match="column 'x' has a missing cell in row 4"):
        fit.predict_proba(frame.assign(x=np.where(np.arange(N) == 4, np.nan, DATA["x"])))


def test_the_target_among_the_features():
    pandas = pytest.importorskip("pandas")
    frame = of_pandas("plain")
    words = np.where(Y == 1, "yes", "no")
    with pytest.warns(UserWarning, match="column 'i', which is also the name of y: is the target"):
        fastgd.fit(frame, pandas.Series(Y, name="i"))
    for column, y in [(Y, Y), (Y == 1, Y), (words, words), (words, pandas.Series(words))]:
        with pytest.warns(UserWarning, match="X has a column 'hit' that is equal to y"):
            fastgd.fit(frame.assign(hit=column), y, l2=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fastgd.fit(frame, pandas.Series(Y, name="hit"))


def test_another_order_of_rows():
    pandas = pytest.importorskip("pandas")
    frame, y = of_pandas("plain"), pandas.Series(Y)
    with pytest.warns(UserWarning, match="the same index in another order"):
        fastgd.fit(frame[::-1], y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fastgd.fit(frame[::-1], y[::-1])


def test_separation_names_the_columns():
    frame = of_pandas("plain").assign(tell=Y + 0.5)
    with pytest.warns(fastgd.SeparationWarning, match="by moving along columns tell"):
        fastgd.fit(frame, Y)


# ---------------------------------------------------------------- estimators


def test_estimators_stay_scikit_learns():
    pytest.importorskip("sklearn")
    frame = of_pandas("plain")
    model = fastgd.LogisticRegression().fit(frame, Y)
    with pytest.raises(ValueError, match="Feature names must be in the same order"):
        model.predict(frame[["k", "x", "i", "b"]])
    with pytest.raises(TypeError, match="X must be a frame, found ndarray"):
        model.predict(MATRIX[:, :4])
    with pytest.raises(UnseenLevelError, match="column 'k' holds 'z'"):
        model.predict(frame.assign(k="z"))
    with pytest.raises(DataError, match="column 'x' has 60 missing cells"):
        model.predict(frame.assign(x=np.nan))
    assert model.fit(MATRIX, Y).predict(MATRIX).shape == (N,)
    assert model.result_.coding is None and not hasattr(model, "coding_")
    numbers = model.fit(frame, Y).fit(frame[["x", "i"]], Y)
    assert not hasattr(numbers, "coding_") and numbers.result_.coding is None
    assert numbers.result_.names == ["x", "i"]
    with pytest.raises(ValueError, match="NaN"):
        numbers.fit(frame[["x"]].assign(i=np.nan), Y)
    with pytest.raises(DataError, match="column 'when' holds dates"):
        numbers.fit(frame.assign(when=datetime.date(2020, 1, 1)), Y)


@pytest.mark.parametrize(
    ("name", "options"), [("LogisticRegression", {}), ("LogisticRegressionCV", {"Cs": 2, "cv": 2})]
)
def test_estimators_ignore_unseen_levels_on_request(name, options):
    sklearn = pytest.importorskip("sklearn")
    from sklearn.pipeline import make_pipeline

    frame = of_pandas("plain")
    strange, usual = (frame.assign(k=[level, *DATA["k"][1:]]) for level in "zv")
    model = getattr(fastgd, name)(**options).fit(frame, Y)
    for ask in (
        model.decision_function, model.predict, model.predict_proba, model.predict_log_proba,
    ):  # fmt: skip
        with pytest.raises(UnseenLevelError, match="column 'k' holds 'z'"):
            ask(strange)
        with pytest.warns(UnseenLevelWarning, match="1 row taken as 'v', the reference level"):
            found = ask(strange, unseen="ignore")
        assert np.array_equal(found, ask(usual))
        with pytest.raises(ValueError, match="unseen must be 'error' or 'ignore', found 'drop'"):
            ask(frame, unseen="drop")
    with sklearn.config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(model.set_predict_request(unseen=True)).fit(frame, Y)
        with pytest.warns(UnseenLevelWarning, match="taken as 'v'"):
            found = pipeline.predict(strange, unseen="ignore")
    assert np.array_equal(found, model.predict(usual))


def gaps(library):
    module = pytest.importorskip(library)
    frame = {"z": DATA["x"].tolist(), "a": [0.0, 1.0, None, *DATA["x"][3:]]}
    if library == "pyarrow":
        return module.table(frame)
    frame = module.DataFrame(frame)
    return frame.convert_dtypes() if library == "pandas" else frame


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_estimators_name_the_cell_that_scikit_learn_refuses(library):
    pytest.importorskip("sklearn")
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"z": DATA["x"], "a": DATA["i"]})
    gap = "(?s)^Input X contains NaN.*column 'a' has a missing cell in row 2, counting from 0"
    infinite = r"(?s)^Input X contains infinity.*column 'a' holds -inf in row 59, counting from 0"
    for model in (fastgd.LogisticRegression(), fastgd.LogisticRegressionCV(Cs=2, cv=2)):
        with pytest.raises(ValueError, match=gap):
            model.fit(gaps(library), Y)
        model.fit(frame, Y)
        for ask in (model.decision_function, model.predict, model.predict_proba):
            with pytest.raises(ValueError, match=gap):
                ask(gaps(library))
        with pytest.raises(ValueError, match=infinite):
            model.predict(frame.assign(a=[*DATA["x"][1:], -np.inf]))
        with pytest.raises(ValueError, match=r"^Input y contains NaN\.$"):
            model.fit(frame, np.where(Y == 1, np.nan, 0.0))


@pytest.mark.parametrize("names", [["x", "i", "b"], ["x", "i", "b", "k"]])
def test_estimators_name_the_column_out_of_place(names):
    pytest.importorskip("sklearn")
    frame = of_pandas("plain")[names]
    model = fastgd.LogisticRegression().fit(frame, Y)
    message = (
        "Feature names must be in the same order as they were in fit.\n"
        "X: column 1, counting from 0, is 'b', where the fit had 'i'"
    )
    with pytest.raises(ValueError) as error:
        model.predict(frame[["x", "b", "i", *names[3:]]])
    assert str(error.value).endswith(message)


def cut(pandas):
    return pandas.DataFrame({"x": DATA["x"], "k": pandas.cut(DATA["i"], 3)})


def days(pandas):
    stamps = pandas.to_datetime(["2020-01-01", "2020-01-02", "2020-01-02"] * (N // 3))
    return pandas.DataFrame({"x": DATA["x"], "k": pandas.Categorical(stamps)})


@pytest.mark.parametrize("make", [cut, days])
def test_estimators_code_categories_that_are_no_texts(make, tmp_path):
    pytest.importorskip("sklearn")
    frame = make(pytest.importorskip("pandas"))
    fit = fastgd.fit(frame, Y, l2=0.01)
    model = fastgd.LogisticRegression(l2=0.01).fit(frame, Y)
    assert np.array_equal(model.coef_[0], fit.coef) and model.result_.names == fit.names
    model.save(tmp_path / "model")
    again = fastgd.load(tmp_path / "model")
    assert np.array_equal(again.predict_proba(frame), fit.predict_proba(frame))
    assert fastgd.LogisticRegressionCV(Cs=2, cv=2).fit(frame, Y).result_.names == fit.names


def test_categories_of_numbers_are_numbers_to_estimators():
    pytest.importorskip("sklearn")
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": DATA["x"], "k": pandas.Categorical(DATA["i"] % 3)})
    model = fastgd.LogisticRegression().fit(frame, Y)
    assert model.coef_.shape == (1, 2) and not hasattr(model, "coding_")
    with pytest.raises(ValueError, match="NaN"):
        model.fit(frame.assign(k=frame["k"].where(np.arange(N) != 3)), Y)


def test_estimators_read_wide_integers_beside_texts():
    pytest.importorskip("sklearn")
    polars = pytest.importorskip("polars")
    frame = of_polars("plain").with_columns(polars.col("i").cast(polars.Int128))
    model = fastgd.LogisticRegression(l2=0.01).fit(frame, Y)
    assert np.array_equal(model.coef_[0], fastgd.fit(of_polars("plain"), Y, l2=0.01).coef)
    assert np.array_equal(model.predict(frame), model.predict(of_polars("plain")))


def test_relations_as_targets_and_weights_of_estimators():
    pytest.importorskip("sklearn")
    duckdb, pandas = pytest.importorskip("duckdb"), pytest.importorskip("pandas")
    weight = 1.0 + np.arange(N) % 3
    table = pandas.DataFrame({"x": DATA["x"], "i": DATA["i"], "y": Y, "s": weight})
    connection = duckdb.connect()
    connection.register("frame", table)
    X, y, s = (connection.sql(f"select {what} from frame") for what in ("x, i", "y", "s"))
    plain = table[["x", "i"]].to_numpy()
    for make in (fastgd.LogisticRegression(), fastgd.LogisticRegressionCV(Cs=2, cv=2)):
        model = make.fit(X, y, s)
        found = model.summary(X, y, sample_weight=s).bse
        coef = model.coef_
        wanted = make.fit(plain, Y, weight)
        np.testing.assert_allclose(coef, wanted.coef_, rtol=1e-10)
        bse = wanted.summary(plain, Y, sample_weight=weight).bse
        np.testing.assert_allclose(found, bse, rtol=1e-10)
        unweighted = make.fit(X, y)
        assert np.array_equal(unweighted.summary(X, y).bse, unweighted.summary(X, Y).bse)


def test_cross_validation_and_pipelines_with_texts():
    pytest.importorskip("sklearn")
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    frame = of_pandas("plain")
    model = fastgd.LogisticRegressionCV(Cs=3, cv=3).fit(frame, Y)
    assert model.result_.names == NAMES and model.predict(frame).shape == (N,)
    scores = cross_val_score(fastgd.LogisticRegression(), frame, Y, cv=3)
    assert scores.min() > 0.4
    pytest.importorskip("polars")
    pipeline = make_pipeline(StandardScaler(), fastgd.LogisticRegression())
    pipeline.set_output(transform="polars").fit(of_polars("plain").select("x", "i"), Y)
    assert pipeline[-1].feature_names_in_.tolist() == pipeline[-1].result_.names == ["x", "i"]


def test_bytes_copied_by_estimators():
    pytest.importorskip("sklearn")
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.asfortranarray(MATRIX), columns=list("abcde"), copy=False)
    assert fastgd.LogisticRegression().fit(frame, Y).result_.bytes_copied == 0
    mixed = of_pandas("plain")
    assert fastgd.LogisticRegression().fit(mixed, Y).result_.bytes_copied == MATRIX.nbytes


# ---------------------------------------------------------------- without narwhals


def test_without_narwhals(monkeypatch):
    monkeypatch.setitem(sys.modules, "narwhals", None)
    frame = of_pandas("plain")
    with pytest.raises(ModuleNotFoundError, match=r'pip install "fastgd\[tables\]"'):
        fastgd.fit(frame, Y)
    numbers = frame[["x", "i"]].assign(b=DATA["b"].astype(float))
    fit = fastgd.fit(numbers, Y)
    assert fit.names == ["x", "i", "b"] and fit.bytes_copied == 3 * 8 * N
    assert fastgd.fit(frame[["x"]], Y).bytes_copied == 0
    assert np.array_equal(fit.predict(numbers[["b", "x", "i"]]), fit.predict(numbers))
    assert fastgd.fit(MATRIX, Y).names is None
