"""Tables in: read a CSV file, its columns as numbers or levels, its target, and split its rows.

Missing cells are empty or one of NA, NaN, null. A column is numeric if all its other cells are
numbers, else it is a category.
"""

import csv
import difflib
import io
import itertools
import os
import stat
import sys
from dataclasses import dataclass

import numpy as np

from .errors import DataError

SEPARATORS = ",;\t|"
MISSING = ("", "NA", "NaN", "nan", "NAN", "null", "NULL")

_SAMPLE_BYTES = 1 << 18


def _pyarrow():
    try:
        import pyarrow
        import pyarrow.compute
        import pyarrow.csv
    except ImportError:
        raise ModuleNotFoundError(
            'reading tables needs PyArrow: pip install "fastgd[cli]"', name="pyarrow"
        ) from None
    return pyarrow


# ---------------------------------------------------------------- reading


class Table:
    """Named columns of text cells, trimmed, with missing cells as nulls.

    Attributes
    ----------
    source : str
        Where the table came from, for messages.
    names : list of str
        The columns, in order.
    n_rows : int
    separator : str
    """

    def __init__(self, source, columns, separator=","):
        self.source = source
        self.separator = separator
        self.names = list(columns)
        self.n_rows = len(next(iter(columns.values()), ()))
        self._columns = columns
        self._numbers = {}

    def text(self, name):
        """Return the cells of column `name` as an Arrow array of strings; missing ones are null."""
        if name not in self._columns:
            raise DataError(f"{self.source}: no column {name!r}; {self._suggestion(name)}")
        return self._columns[name]

    def numbers(self, name):
        """Return column `name` as (float64 array, all integers?), or None if it is not numeric.

        Missing cells are NaN. A column without any value is not numeric. An infinite number is a
        DataError.
        """
        if name not in self._numbers:
            self._numbers[name] = self._parse_numbers(name)
        return self._numbers[name]

    def _parse_numbers(self, name):
        pa = _pyarrow()
        cells = self.text(name)
        if cells.null_count == len(cells):
            return None
        for kind in (pa.int64(), pa.float64()):
            try:
                cells[:1000].cast(kind)  # a cast that fails is slow: let it fail here
                parsed = cells.cast(kind)
            except pa.ArrowInvalid:
                continue
            values = parsed.cast(pa.float64(), safe=False)
            values = values.fill_null(np.nan).to_numpy(zero_copy_only=False)
            infinite = np.flatnonzero(np.isinf(values))
            if infinite.size:
                raise DataError(
                    f"{self.source}: column {name!r} holds an infinite number "
                    f"in data row {infinite[0] + 1}"
                )
            return values, kind == pa.int64()
        return None

    def first_text(self, name):
        """Return (row, cell) of the first cell of column `name` that is no number."""
        pa = _pyarrow()
        for row, cell in enumerate(self.text(name)):
            try:
                cell.cast(pa.float64())
            except pa.ArrowInvalid:
                return row, cell.as_py()
        return None

    def _suggestion(self, name):
        folded = {column.casefold(): column for column in self.names}
        close = difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)
        if close:
            return "did you mean " + " or ".join(repr(folded[key]) for key in close) + "?"
        return f"its columns are {listed(self.names, 20)}"


def listed(items, limit=5):
    """Return up to `limit` items joined by commas, and how many more there are."""
    items = [str(item) for item in items]
    more = f" and {len(items) - limit} more" if len(items) > limit else ""
    return ", ".join(items[:limit]) + more


def read_csv(path, separator=None):
    """Read a CSV file whose first line names its columns.

    Parameters
    ----------
    path : str or path-like
        UTF-8 text, plain or compressed (``.gz``, ``.bz2``, ``.zst``); ``-`` is standard input.
    separator : str, optional
        One character; guessed among comma, semicolon, tab and ``|`` if not given.

    Returns
    -------
    Table

    Raises
    ------
    fastgd.DataError
        If the file is empty, ragged (the line is named), not UTF-8, or has no data rows.
    OSError
        If the file cannot be opened.
    ModuleNotFoundError
        If PyArrow is not installed.
    """
    pa = _pyarrow()
    path = os.fspath(path)
    stream = _opener(path)
    try:
        with stream() as file:
            sample = file.read(_SAMPLE_BYTES)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error}") from None
    if not sample.strip():
        raise DataError(f"{path}: the file is empty")
    if b"\0" in sample:
        raise DataError(f"{path}: not a CSV file in UTF-8 (it holds zero bytes)")
    text = sample.decode("utf-8-sig", errors="replace")
    separator = separator or guess_separator(text)
    width = len(next(_records(text, separator)))
    # Types are found on whole columns later: PyArrow would decide from the first block.
    options = {
        "read_options": pa.csv.ReadOptions(autogenerate_column_names=True),
        "parse_options": pa.csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        "convert_options": pa.csv.ConvertOptions(
            column_types={f"f{i}": pa.large_string() for i in range(width)},
            strings_can_be_null=False,
        ),
    }
    try:
        with stream() as file:
            table = pa.csv.read_csv(file, **options)
    except (pa.ArrowInvalid, OSError) as error:
        why = _why_unreadable(stream, separator)
        raise DataError(f"{path}{why or f': cannot be read as CSV: {error}'}") from None
    if any("\n" in column[-1].as_py() for column in table.columns):
        line = _open_quote(stream, separator)
        if line:
            raise DataError(f"{path}: the quote opened in line {line} is never closed")
    columns = [_tidy(column, pa) for column in table.columns]
    names = _header([column[0].as_py() for column in columns], path)
    if table.num_rows < 2:
        raise DataError(f"{path}: only a header line, no data rows")
    return Table(path, dict(zip(names, [c[1:] for c in columns], strict=True)), separator)


def _opener(path):
    """Return a function that opens the file from its start; a pipe is read once, into memory."""
    pa = _pyarrow()
    if path == "-":
        data = sys.stdin.buffer.read()
    else:
        with open(path, "rb") as file:
            regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            data = None if regular else file.read()
    return lambda: pa.input_stream(path if data is None else pa.py_buffer(data))


def _tidy(column, pa):
    column = column.combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0)
    column = pa.compute.utf8_trim_whitespace(column)
    missing = pa.compute.is_in(column, value_set=pa.array(MISSING, pa.large_string()))
    return pa.compute.if_else(missing, pa.scalar(None, pa.large_string()), column)


def _header(cells, path):
    names = [cell or f"column_{i + 1}" for i, cell in enumerate(cells)]
    for i, name in enumerate(names):
        if name in names[:i]:
            raise DataError(f"{path}: two columns are called {name!r}; rename one")
    return names


def _records(text, separator):
    """Yield the non-empty records at the start of a file; the last may be cut short."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        yield from (record for record in reader if record)
    except csv.Error:
        return


def guess_separator(text):
    """Return the separator among ``, ; tab |`` that splits these lines most evenly, else a comma.

    Parameters
    ----------
    text : str
        The beginning of the file; its last line may be cut short.
    """

    def evenness(separator):
        widths = [len(record) for record in itertools.islice(_records(text, separator), 100)]
        if len(widths) > 1:
            widths.pop()  # possibly cut short
        if not widths or widths[0] < 2:
            return (0.0, 0)
        return (sum(width == widths[0] for width in widths) / len(widths), widths[0])

    return max(SEPARATORS, key=evenness)  # the first of equals: the comma


def _lines(stream):
    """Yield the lines of a file as text, bytes that are not UTF-8 as lone surrogates."""
    with stream() as file:
        yield from io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")


def _why_unreadable(stream, separator):
    """Return in which line a file that PyArrow refused is wrong, and how; None if unknown."""
    try:
        for number, line in enumerate(_lines(stream), 1):
            if not line.isascii() and any("\udc80" <= char <= "\udcff" for char in line):
                return f", line {number}: not UTF-8 text; save the file as UTF-8"
        reader = csv.reader(_lines(stream), delimiter=separator)
        records = (record for record in reader if record)
        width = len(next(records))
        for record in records:
            if len(record) != width:
                cells = "1 cell" if len(record) == 1 else f"{len(record)} cells"
                return (
                    f", line {reader.line_num}: {cells}, but the header has {width} "
                    f"(separator {separator!r})"
                )
    except (OSError, csv.Error):
        pass
    return None


def _open_quote(stream, separator):
    """Return the line of a quote that is never closed, else None.

    PyArrow takes what follows such a quote, to the end of the file, for one cell.
    """
    reader = csv.reader(_lines(stream), delimiter=separator, strict=True)
    line = 1
    try:
        for _ in reader:
            line = reader.line_num + 1
    except csv.Error as error:
        if "end of data" in str(error):
            return line
    return None


def encode(cells):
    """Return (levels, codes) of text cells: the levels sorted, missing (None) last."""
    pa = _pyarrow()
    encoded = pa.compute.dictionary_encode(cells, null_encoding="encode")
    levels = encoded.dictionary.to_pylist()
    order = sorted(range(len(levels)), key=lambda i: (levels[i] is None, levels[i] or ""))
    rank = np.empty(len(levels), dtype=np.int64)
    rank[order] = np.arange(len(levels))
    return [levels[i] for i in order], rank[encoded.indices.to_numpy(zero_copy_only=False)]


# ---------------------------------------------------------------- targets and splits


@dataclass(frozen=True)
class Target:
    """A binary target: classes 0 and 1, or probabilities of a class (soft labels).

    Attributes
    ----------
    name : str
    classes : tuple of two str, or None for soft labels
        In sorted order; the second is the positive class.
    values : ndarray of float64
        For each row of the table 0 or 1, or the probability; NaN where missing.
    rows : ndarray of int
        The rows whose target is not missing.
    """

    name: str
    classes: tuple | None
    values: np.ndarray

    @property
    def rows(self):
        return np.flatnonzero(~np.isnan(self.values))


def read_target(table, name):
    """Read a binary target column.

    Two distinct texts or whole numbers are classes, in sorted order (numbers by value), the second
    being positive; fractions within [0, 1] are soft labels.

    Raises
    ------
    fastgd.DataError
        If the column is absent, has one class only, more than two, or other numbers.
    """
    cells = table.text(name)
    where = f"{table.source}: target {name!r}"
    present = cells.is_valid().to_numpy(zero_copy_only=False)
    parsed = table.numbers(name)
    if parsed is None:
        levels, codes = encode(cells)
        codes = codes[present]
        levels = [level for level in levels if level is not None]
    else:
        numbers = parsed[0][present]
        low, high = numbers.min(), numbers.max()
        if not np.all(numbers == np.floor(numbers)):
            if low >= 0 and high <= 1:
                return Target(name, None, parsed[0])
            raise DataError(
                f"{where} holds numbers from {low:g} to {high:g}, with fractions; wanted are two "
                "classes (texts or whole numbers), or probabilities within [0, 1]"
            )
        levels, codes = np.unique(numbers, return_inverse=True)
        levels = [f"{level:.17g}" for level in levels]
    if not levels:
        raise DataError(f"{where} has no values")
    if len(levels) == 1:
        raise DataError(f"{where} has one class only ({levels[0]}); two are needed")
    if len(levels) > 2:
        raise DataError(
            f"{where} has {len(levels)} classes ({listed(levels)}); "
            "two are needed: models of more classes are not supported yet"
        )
    values = np.full(len(cells), np.nan)
    values[present] = codes
    return Target(name, tuple(levels), values)


def split(target, test_size, seed):
    """Return (training rows, held-out rows), stratified by class, the same on every machine.

    Each row of the file gets a key from the raw PCG64 stream, which NumPy never changes; in each
    class the rows with the smallest keys are held out, but never all of them. Soft labels are
    stratified by the side of 0.5 they are on.

    Parameters
    ----------
    target : Target
    test_size : float
        The share held out, in [0, 1).
    seed : int
        Not negative.

    Returns
    -------
    train, test : ndarray of int
        Rows of the table, ascending.
    """
    rows = target.rows
    keys = np.random.PCG64(seed).random_raw(len(target.values))
    held_out = np.zeros(len(target.values), dtype=bool)
    upper = target.values[rows] >= 0.5
    for members in (rows[~upper], rows[upper]):
        count = min(int(test_size * len(members) + 0.5), max(len(members) - 1, 0))
        held_out[members[np.argsort(keys[members], kind="stable")[:count]]] = True
    return rows[~held_out[rows]], np.flatnonzero(held_out)
