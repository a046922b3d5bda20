"""Frames in: the columns of a pandas, polars, PyArrow or DuckDB table as a matrix and its coding.

A `Frame` shows the columns of any of these libraries (through narwhals) as numbers or as levels,
in the way that `coding.Coding` wants to see a table. `learn` decides how they become features,
`design` makes the matrix: a view of the frame's own memory where its columns lie there as those of
a matrix do, else one Fortran-ordered array, written column by column.
"""

import datetime
import decimal
import warnings
from contextlib import contextmanager

import numpy as np

from .coding import MAX_LEVELS, Category, Coding, Numeric, refuse_twins
from .errors import DataError
from .tables import listed, meant

ALONE = ""  # what a series is called as the only column of a frame

IN_PLACE = "dfB?"  # types that the core reads where they are

# What a cell of a column without a type of its own may be; the first that fits.
_KINDS = (
    ("text", (str,)),
    ("boolean", (bool, np.bool_)),
    ("number", (int, float, decimal.Decimal, np.integer, np.floating)),
    ("dates", (datetime.date, datetime.time, datetime.timedelta, np.datetime64, np.timedelta64)),
    ("nested values", (list, tuple, dict, set, np.ndarray)),
    ("bytes", (bytes, bytearray)),
)


def read(X, source="X"):
    """Return `X` as a `Frame`, or None if it is no frame.

    A lazy frame and a DuckDB relation are computed here, once.

    Raises
    ------
    fastgd.DataError
        If it has no rows, no columns, or two columns of one name.
    ModuleNotFoundError
        If its columns are not all plain numbers, and narwhals is missing.
    """
    kind = type(X)
    if isinstance(X, np.ndarray) or not _is_frame(kind):
        return None
    if hasattr(kind, "iloc"):  # pandas and its like take names of any kind, and any of them twice
        names = [str(name) for name in X.columns]
        _refuse_twins(names, source)
        if names != list(X.columns):
            X = X.set_axis(names, axis=1)
    elif kind.__module__.startswith("pyarrow"):
        _refuse_twins(X.schema.names, source)
        if kind.__name__ == "RecordBatch":
            import pyarrow

            X = pyarrow.Table.from_batches([X])
    try:
        import narwhals
    except ImportError:
        return _without_narwhals(X, source)
    X = narwhals.from_native(X, pass_through=True)
    if isinstance(X, narwhals.LazyFrame):
        X = X.collect()
    if not isinstance(X, narwhals.DataFrame):
        return None
    columns = {str(name): X.get_column(name) for name in X.columns}
    return Frame(columns, source, X.to_native())


def computed(X):
    """Return `X`, a lazy frame or a DuckDB relation computed, a record batch as a table, so that
    scikit-learn sees its columns."""
    kind = type(X)
    known = hasattr(kind, "__array__") and kind.__name__ != "RecordBatch"
    if isinstance(X, np.ndarray) or known or not _is_frame(kind):
        return X
    frame = read(X)
    return X if frame is None else frame.native


def _is_frame(kind):
    # asked of the class: an instance may have to compute the answer
    return hasattr(kind, "columns") or hasattr(kind, "column_names")


def _refuse_twins(names, source):
    twins = [name for i, name in enumerate(names) if name in names[:i]]
    if twins:
        raise DataError(f"{source} has two columns called {twins[0]!r}; rename one")


def _without_narwhals(X, source):
    """The columns of a frame that NumPy alone can read as numbers."""
    try:
        table = np.asarray(X)
        names = [str(name) for name in getattr(X, "column_names", X.columns)]
        plain = table.ndim == 2 and table.dtype.kind in "fbiu" and table.shape[1] == len(names)
    except Exception:  # whatever the frame's library makes of being asked
        plain = False
    if not plain:
        raise ModuleNotFoundError(
            f"{source} is a table ({type(X).__module__.partition('.')[0]}) whose columns are not "
            'all plain numbers; to read it, narwhals is needed: pip install "fastgd[tables]"',
            name="narwhals",
        )
    # a copy would be at another place each time
    copied = 0 if _address(table) == _address(np.asarray(X)) else table.nbytes
    return Frame({name: table[:, j] for j, name in enumerate(names)}, source, copied=copied)


class Frame:
    """Named columns of any library.

    Parameters
    ----------
    columns : dict of str to narwhals.Series or ndarray
    source : str
        What messages call it.

    Attributes
    ----------
    names : list of str
        The columns, in order.
    n_rows : int
    native : frame
        In its own library.
    copied : int
        How many bytes have been copied to get at the columns.
    """

    def __init__(self, columns, source, native=None, copied=0):
        self.source = source
        self.native = native
        self.copied = copied
        self.names = list(columns)
        if not columns:
            raise DataError(f"{source} has no columns")
        self.n_rows = len(next(iter(columns.values())))
        if self.n_rows == 0:
            raise DataError(f"{source} has no rows, only the columns {listed(self.names, 20)}")
        self._columns = columns
        self._types = {}
        self._kinds = {}
        self._encoded = {}

    def row(self, i):
        """Name row `i` in a message."""
        return f"{i}, counting from 0"

    def _type(self, name):
        """The narwhals type of column `name`, and that as text; to ask twice takes time."""
        if name not in self._types:
            type_ = self._columns[name].dtype
            self._types[name] = type_, str(type_)
        return self._types[name]

    def kind(self, name):
        """What column `name` holds: "number", "boolean", "text", "category", or "nothing".

        Raises
        ------
        fastgd.DataError
            If it holds anything else, or several of these.
        """
        if name not in self._kinds:
            self._kinds[name] = self._find_kind(name)
        return self._kinds[name]

    def _find_kind(self, name):
        column = self._columns[name]
        if isinstance(column, np.ndarray):
            return "boolean" if column.dtype == bool else "number"
        type_, text = self._type(name)
        text = text.partition("(")[0]
        if type_.is_numeric():
            return "number"
        kinds = {"Boolean": "boolean", "String": "text", "Categorical": "category"}
        if text in kinds or text == "Enum":
            return kinds.get(text, "category")
        if type_.is_temporal():
            raise self._unusable(name, "dates or times", type_)
        if type_.is_nested() or text == "Binary":
            raise self._unusable(name, "nested values" if type_.is_nested() else "bytes", type_)
        if text == "Object":
            return self._kind_of_objects(name)
        if column.null_count() == self.n_rows:
            return "nothing"
        native = getattr(column.to_native(), "dtype", getattr(column.to_native(), "type", type_))
        if str(native).startswith(("Sparse", "halffloat")):
            return "number"
        if isinstance(native, np.dtype) and native.kind in "fiu":  # of other sizes or byte orders
            return "number"
        if str(native).startswith("period"):
            raise self._unusable(name, "dates or times", native)
        raise self._unusable(name, "values of another kind", native)

    def _unusable(self, name, what, type_):
        wanted = "numbers, texts or booleans"
        if what == "dates or times":
            wanted = "numbers (a year, days since a start)"
        if name == ALONE:
            return DataError(f"{self.source} holds {what} ({type_}); wanted are {wanted}")
        return DataError(
            f"{self.source}: column {name!r} holds {what} ({type_}); convert it to {wanted}, or "
            "leave it out"
        )

    def _kind_of_objects(self, name):
        """The kind of a column whose cells are Python objects."""
        missing = self.missing(name)
        found = {}  # kind: (row, cell) of the first
        for i, cell in enumerate(self._columns[name].to_numpy()):
            if not missing[i]:
                kind = next((k for k, types in _KINDS if isinstance(cell, types)), "")
                found.setdefault(kind or type(cell).__name__, (i, cell))
        if not found:
            return "nothing"
        if len(found) > 1:
            cells = sorted(found.values(), key=lambda item: item[0])[:2]
            seen = " and ".join(f"{type(c).__name__} ({c!r:.40} in row {i})" for i, c in cells)
            where = self.source if name == ALONE else f"{self.source}: column {name!r}"
            raise DataError(f"{where} mixes {seen}, counting from 0; make it of one kind")
        [(kind, (_, cell))] = found.items()
        if kind in ("text", "boolean", "number"):
            return kind
        what = {"dates": "dates or times"}.get(kind, kind)
        if kind not in dict(_KINDS):
            what = "objects"
        raise self._unusable(name, what, type(cell).__name__)

    def missing(self, name):
        """Where cells are missing; NaN counts as missing in every library."""
        column = self._columns[name]
        if isinstance(column, np.ndarray):
            return np.isnan(column)
        missing = column.is_null().to_numpy()
        if self._type(name)[0].is_float():
            missing = missing | np.isnan(self.numbers(name)[0])
        return missing

    def has_levels(self):
        """Whether some column holds texts or categories of anything but numbers."""
        for name in self.names:
            kind = self.kind(name)
            if kind == "text" or (kind == "category" and not _numbers(self.factorized(name)[0])):
                return True
        return False

    def dtype(self, name):
        """The smallest type of the core that holds the numbers of column `name` exactly, or
        float64."""
        column = self._columns[name]
        if isinstance(column, np.ndarray):
            return column.dtype if column.dtype.char in "fB" else np.dtype(float)
        kind = self.kind(name)
        if kind in ("text", "category"):
            return np.dtype(np.uint8)
        text = self._type(name)[1]
        if text in ("Boolean", "UInt8") and column.null_count() == 0:
            return np.dtype(np.uint8)
        return np.dtype(np.float32 if text == "Float32" else np.float64)

    def numbers(self, name):
        """Return column `name` as (array of numbers, False), or None if it holds no numbers.

        Missing cells are NaN. The array is the column's own memory where that can be.
        """
        kind = self.kind(name)
        if kind == "nothing":
            return np.full(self.n_rows, np.nan), False
        if kind not in ("number", "boolean"):
            return None
        column = self._columns[name]
        if isinstance(column, np.ndarray):
            return column, False
        text = self._type(name)[1]
        if text == "Object":
            cells = zip(column.to_numpy(), self.missing(name), strict=True)
            return np.array([np.nan if gap else float(cell) for cell, gap in cells]), False
        wide = text.startswith(("Decimal", "Int128", "UInt128"))
        if wide or (kind == "boolean" and column.null_count()):
            column = column.cast(_narwhals().Float64)
        values = _single(column)
        if values.dtype.kind not in "fbiu":
            values = np.asarray(values, dtype=float)
        return values, False

    values = numbers  # booleans are numbers in a frame

    def first_text(self, name):
        """Return (row, cell) of the first cell of column `name` that is no number."""
        levels, codes = self.encoded(name)
        i = next((i for i, code in enumerate(codes) if levels[code] is not None), None)
        return None if i is None else (self.row(i), levels[codes[i]])

    def encoded(self, name):
        """Return (levels, codes) of column `name`: its levels as texts, sorted, missing (None)
        last, and the place of each cell's level among them."""
        if name not in self._encoded:
            values, codes = self.factorized(name)
            levels = [_level(value) for value in values]
            if len(set(levels)) < len(levels):
                twin = next(level for i, level in enumerate(levels) if level in levels[:i])
                raise DataError(
                    f"{self.source}: column {name!r} has two levels that read {twin!r}; "
                    "make them of one kind"
                )
            order = sorted(range(len(levels)), key=levels.__getitem__)
            rank = np.empty(len(levels) + 1, dtype=np.int32)
            rank[order] = np.arange(len(levels))
            rank[-1] = len(levels)  # of the missing ones, whose code is -1
            gaps = [None] if (codes < 0).any() else []
            self._encoded[name] = [levels[i] for i in order] + gaps, rank[codes]
        return self._encoded[name]

    def factorized(self, name):
        """Return (values, codes) of column `name`: its different values, and the place of each
        cell's value among them, -1 for missing ones."""
        column = self._columns[name]
        if isinstance(column, np.ndarray) or self.kind(name) in ("number", "nothing"):
            cells = self.numbers(name)[0]
            values, codes = np.unique(cells, return_inverse=True)
            whole = [int(v) if v == np.trunc(v) else float(v) for v in values[~np.isnan(values)]]
            return whole, np.where(np.isnan(cells), -1, codes)
        native = column.to_native()
        if column.implementation.is_polars():
            if self.kind(name) == "category":
                native = column.cast(_narwhals().String).to_native()
            values = native.drop_nulls().unique(maintain_order=True)
            codes = native.replace_strict(values, range(len(values)), default=None)
            return values.to_list(), codes.fill_null(-1).to_numpy().astype(np.int32)
        if column.implementation.is_pyarrow():
            # a dictionary may hold null, or a level twice, and each chunk has its own
            if hasattr(native.type, "value_type"):
                native = native.cast(native.type.value_type)
            if str(native.type) == "string_view":
                native = native.cast("large_string")
            native = native.dictionary_encode().unify_dictionaries()
            codes = [part.indices.fill_null(-1).to_numpy() for part in native.chunks]
            return native.chunk(0).dictionary.to_pylist(), np.concatenate(codes)
        codes, values = native.factorize()
        return list(values), np.asarray(codes)

    def absent(self, names):
        """The error that these columns are not there."""
        columns = "column" if len(names) == 1 else "columns"
        return DataError(
            f"{self.source} has no {columns} {listed([repr(name) for name in names])}, which the "
            f"model was fitted on; {meant(names, self.names) or f'it has {listed(self.names, 20)}'}"
        )

    @contextmanager
    def explained(self, matrix, coding):
        """Where the core refuses the matrix for a cell that is not finite, name row and column."""
        try:
            yield
        except ValueError:
            if matrix.dtype.kind != "f":
                raise
            for start in range(0, self.n_rows, 4096):
                bad = np.argwhere(~np.isfinite(matrix[start : start + 4096]))
                if bad.size:
                    i, j = int(bad[0, 0]) + start, int(bad[0, 1])
                    name = [c.name for c in coding.columns for _ in c.features][j]
                    if np.isnan(matrix[i, j]):
                        raise self.gap(name) from None
                    raise self.infinite(name, i, matrix[i, j]) from None
            raise

    def not_finite(self):
        """The error that a cell is missing or infinite, of the first such column, or None."""
        for name in self.names:
            if self.missing(name).any():
                return self.gap(name)
        for name in self.names:
            found = self.numbers(name)
            if found is not None and (bad := np.isinf(found[0])).any():
                i = int(bad.argmax())
                return self.infinite(name, i, found[0][i])
        return None

    def infinite(self, name, i, value):
        """The error that column `name` holds an infinite value in row `i`."""
        return DataError(
            f"{self.source}: column {name!r} holds {value} in row {self.row(i)}; numbers must be "
            "finite"
        )

    def empty(self, name):
        """The error that column `name` has no cell that is not missing."""
        return DataError(f"{self.source}: column {name!r} has no values; leave it out")

    def gap(self, name):
        """The error that cells of column `name` are missing."""
        return DataError(
            f"{self.source}: column {name!r} has {_counted(self.missing(name))}, counting from 0; "
            "fill them, or drop these rows (fastgd.fit fills them with missing='impute')"
        )


def _counted(missing):
    """How many cells are missing, and where the first is."""
    total = int(missing.sum())
    cells = "a missing cell in row" if total == 1 else f"{total} missing cells, the first in row"
    return f"{cells} {int(missing.argmax())}"


def _narwhals():
    import narwhals

    return narwhals


def _single(column):
    """A narwhals column as NumPy has it, of PyArrow without a copy where that can be."""
    native = column.to_native()
    if isinstance(getattr(native, "dtype", None), np.dtype):  # of pandas: no question is open
        return native.to_numpy()
    if column.implementation.is_pyarrow():
        if native.num_chunks == 1 and native.null_count == 0 and not column.dtype == "Boolean":
            return native.chunk(0).to_numpy(zero_copy_only=False)
    return column.to_numpy()


def _numbers(values):
    kinds = dict(_KINDS)
    return all(isinstance(value, kinds["number"] + kinds["boolean"]) for value in values)


def _reads_as_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _level(value):
    """A level as text, so that the number 3 is the same level whether stored as 3 or 3.0."""
    if isinstance(value, (float, np.floating)):
        return f"{value:.17g}"
    return str(value)


# ---------------------------------------------------------------- learning


def learn(frame, missing="error"):
    """Learn how to code every column of a frame.

    Numbers are taken as they are, booleans as 0 and 1. Texts and categories are compared with their
    most frequent level.

    Parameters
    ----------
    frame : Frame
    missing : {"error", "impute"}
        Missing cells are an error; or a missing number is the median, with a feature more that
        says so, and a missing category a level of its own.

    Returns
    -------
    Coding

    Raises
    ------
    fastgd.DataError
        For missing cells, columns that cannot be features, and features of one name.
    """
    if missing not in ("error", "impute"):
        raise ValueError(f"missing must be 'error' or 'impute', found {missing!r}")
    columns = []
    for name in frame.names:
        if frame.kind(name) in ("text", "category"):
            columns.append(_learn_category(frame, name, missing))
        elif frame.kind(name) == "nothing":
            raise frame.empty(name)
        elif missing == "error":
            columns.append(Numeric(name, None, True, False))
        else:
            columns.append(_learn_number(frame, name))
    refuse_twins(columns, frame.source)
    return Coding(tuple(columns), (), (), ())


def _learn_category(frame, name, missing):
    levels, codes = frame.encoded(name)
    if None in levels and missing == "error":
        raise frame.gap(name)
    texts = len(levels) - (None in levels)
    if not texts:
        raise frame.empty(name)
    if frame.kind(name) == "text" and (texts > MAX_LEVELS or 2 * texts > frame.n_rows):
        what = f"{frame.source}: column {name!r} holds {texts} different texts"
        if all(_reads_as_number(level) for level in levels[:100] if level is not None):
            raise DataError(f"{what} that read like numbers ({levels[0]!r}); convert it to numbers")
        raise DataError(
            f"{what} in {frame.n_rows} rows, too many for a category; leave it out, or make it "
            "categorical if each is meant to have a coefficient"
        )
    counts = np.bincount(codes, minlength=len(levels))
    reference = int(counts.argmax())  # the first of equals
    rest = tuple(level for i, level in enumerate(levels) if i != reference)
    return Category(name, levels[reference], rest, ())


def _learn_number(frame, name):
    values = frame.numbers(name)[0]
    gaps = np.isnan(values)
    if gaps.all():
        raise frame.empty(name)
    if not gaps.any():
        return Numeric(name, float(np.median(values)), True, False)
    known = values[~gaps]
    return Numeric(name, float(np.median(known)), bool(known.min() != known.max()), True)


def plain(frame, names=None):
    """The coding of numbers alone, for a model that knows no more than `names`, or their number."""
    names = frame.names if names is None else names
    absent = [name for name in names if name not in frame.names]
    if absent:
        raise frame.absent(absent)
    for name in names:
        if frame.kind(name) in ("text", "category"):
            raise DataError(
                f"{frame.source}: column {name!r} holds {frame.kind(name)}, where numbers are "
                "wanted; a model fitted on a frame knows how to code it: see FitResult.design"
            )
    return Coding(tuple(Numeric(name, None, True, False) for name in names), (), (), ())


# ---------------------------------------------------------------- the matrix


def design(frame, coding, unseen="error"):
    """Return the design matrix of a frame, and how many bytes had to be copied for it.

    Parameters
    ----------
    frame : Frame
        Must have the coded columns, in any order; others are not looked at.
    coding : Coding
    unseen : {"error", "ignore"}
        What to do with a level that the coding does not know; ignored, it counts as the reference
        level, with a warning.

    Returns
    -------
    matrix : ndarray of shape (rows, features)
        A read-only view of the frame's memory if its columns lie there at equal distances, in a
        type that the core reads in place, and are all taken as they are. Else Fortran-ordered:
        float32 if all columns are, uint8 if all features are 0/1 or such, else float64.
    bytes_copied : int

    Raises
    ------
    fastgd.DataError
        For missing columns, unseen levels, and cells that should be numbers and are not.
    """
    if unseen not in ("error", "ignore"):
        raise ValueError(f"unseen must be 'error' or 'ignore', found {unseen!r}")
    names = [column.name for column in coding.columns]
    absent = [name for name in names if name not in frame.names]
    if absent:
        raise frame.absent(absent)
    if all(isinstance(column, Numeric) and column.median is None for column in coding.columns):
        matrix = _view(frame, names)
        if matrix is not None:
            return matrix, frame.copied
    types = {
        np.dtype(np.uint8) if isinstance(column, Category) else frame.dtype(column.name)
        for column in coding.columns
    }
    dtype = types.pop() if len(types) == 1 else np.dtype(float)
    matrix = coding.design(frame, unseen=unseen, dtype=dtype)
    return matrix, frame.copied + matrix.nbytes


class _Lines:
    """Columns that lie in memory as those of a matrix do; kept alive by the matrix over them."""

    def __init__(self, columns, step):
        first = columns[0]
        self.columns = columns
        self.__array_interface__ = {
            "version": 3,
            "typestr": first.dtype.str,
            "data": (_address(first), True),
            "shape": (len(first), len(columns)),
            "strides": (first.strides[0], step),
        }


def _address(array):
    return array.__array_interface__["data"][0]


def _view(frame, names):
    """A matrix over the memory of the frame's columns, or None where that cannot be."""
    columns, step = [], 0
    for name in names:
        found = frame.numbers(name)
        column = None if found is None else found[0]
        if column is None or column.dtype.char not in IN_PLACE or not column.dtype.isnative:
            return None
        # a copy would be at another place each time
        if _address(column) != _address(frame.numbers(name)[0]):
            return None
        if columns:
            distance = _address(column) - _address(columns[-1])
            step = step or distance
            if (column.dtype, column.strides) != (columns[0].dtype, columns[0].strides):
                return None
            if distance != step:
                return None
        columns.append(column)
    size, length = columns[0].itemsize, columns[0].strides[0]
    by_rows = step == size and length >= size * len(columns)
    by_columns = length == size and step >= size * frame.n_rows
    if len(columns) == 1:
        step = length * frame.n_rows
        by_columns = length >= size
    if not (by_rows or by_columns) or length % size or step % size:
        return None
    return np.asarray(_Lines(columns, step))


# ---------------------------------------------------------------- targets


def target(y, source="y"):
    """Return the labels or numbers of a column of any library as an array.

    Parameters
    ----------
    y : object
        A series or Arrow array, a frame of one column, or of several columns of numbers (a
        probability for each class). Anything else is returned as it is.

    Returns
    -------
    values : ndarray, or `y` itself
    name : str or None

    Raises
    ------
    fastgd.DataError
        For missing cells, dates, nested and mixed values.
    """
    if isinstance(y, (np.ndarray, list, tuple)) or y is None:
        return y, None
    frame = read(y, source)
    if frame is None:
        frame = _one_column(y, source)
    if frame is None:
        return y, getattr(y, "name", None)
    if len(frame.names) > 1:
        if frame.has_levels():
            raise DataError(
                f"{source} has {len(frame.names)} columns; wanted is one of labels or numbers, or "
                "one of probabilities for each class"
            )
        return design(frame, plain(frame))[0], None
    [name] = frame.names
    called = str(getattr(y, "name", None) or "") if name == ALONE else name
    kind = frame.kind(name)
    missing = frame.missing(name)
    if missing.any():
        raise DataError(f"{source} has {_counted(missing)}, counting from 0; drop these rows")
    if kind in ("text", "category"):
        values, codes = frame.factorized(name)
        values = values if kind == "category" else [str(value) for value in values]
        return np.array(values)[codes], called
    values = frame.numbers(name)[0]
    return (values.astype(bool) if kind == "boolean" else values), called


def _one_column(y, source):
    """A series of any library as a frame of its own, or None."""
    try:
        import narwhals
    except ImportError:
        return None
    if type(y).__module__.startswith("pyarrow") and hasattr(y, "dictionary_encode"):
        import pyarrow

        y = pyarrow.chunked_array([y]) if isinstance(y, pyarrow.Array) else y
    series = narwhals.from_native(y, allow_series=True, pass_through=True)
    if not isinstance(series, narwhals.Series):
        return None
    return Frame({ALONE: series}, source)


def warn_of_target(frame, y, name):
    """Warn if the target is one of the features: a column of its name, or with its values."""
    if _warned_of_name(frame.source, frame.names, name):
        return
    if not isinstance(y, np.ndarray) or y.ndim != 1 or len(y) != frame.n_rows:
        return
    for column in frame.names:
        if frame.kind(column) in ("text", "category"):
            levels, codes = frame.encoded(column)
            same = y.dtype.kind == "U" and np.array_equal(np.array(levels, str)[codes], y)
        else:
            values = frame.numbers(column)[0]
            same = y.dtype.kind in "fbiu" and values[0] == y[0] and np.array_equal(values, y)
        if same:
            _warn_of(frame.source, f"has a column {column!r} that is equal to y")
            return


def warn_of_target_in(X, names, y, name, source="X"):
    """`warn_of_target` of a matrix whose columns have names."""
    if not _warned_of_name(source, names, name) and y.dtype.kind in "fbiu":
        for j in np.flatnonzero(X[0] == y[0]):
            if np.array_equal(X[:, j], y):
                _warn_of(source, f"has a column {names[j]!r} that is equal to y")
                return


def _warned_of_name(source, names, name):
    found = bool(name) and name in names
    if found:
        _warn_of(source, f"has a column {name!r}, which is also the name of y")
    return found


def warn_of_order(X, y):
    """Warn if X and y, of pandas, have the same index in another order."""
    if hasattr(type(X), "iloc") and hasattr(type(y), "iloc") and len(X) == len(y):
        one, other = X.index, y.index
        if one.is_unique and not one.equals(other) and one.isin(other).all():
            warnings.warn(
                "X and y have the same index in another order; rows are matched by their place, "
                "not by their index: sort one like the other",
                stacklevel=5,
            )


def _warn_of(source, what):
    warnings.warn(f"{source} {what}: is the target among the features?", stacklevel=5)
