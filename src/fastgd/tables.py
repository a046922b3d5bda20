"""A table: the named columns of a file, each as text cells or as numbers.

A column is numeric if all its cells but the missing ones are numbers, else it is a category. That
is judged on what the cells hold, so that a CSV file and a Parquet file with the same content are
the same table.
"""

import difflib

import numpy as np

from .errors import DataError

MISSING = ("", "NA", "NaN", "nan", "NAN", "null", "NULL")

_TRUTHS = {"true": 1.0, "false": 0.0, None: np.nan}


def pyarrow():
    """Return PyArrow, with what is used of it; say what to install if it is missing."""
    try:
        import pyarrow
        import pyarrow.compute
        import pyarrow.csv
    except ImportError:
        raise ModuleNotFoundError(
            'reading tables needs PyArrow: pip install "fastgd[cli]"', name="pyarrow"
        ) from None
    return pyarrow


class Table:
    """Named columns of cells, trimmed, with missing cells as nulls.

    Parameters
    ----------
    source : str
        Where the table came from, for messages.
    columns : dict of str to Arrow array
    missing : tuple of str
        Cells that mean "missing" beside those of `MISSING`; in numeric columns, these numbers.
    separator : str, optional
        Of the CSV file it came from.
    decimal : {".", ","}
        How numbers are written in text cells.
    start : int
        How many data rows of the source come before the first one here.

    Attributes
    ----------
    names : list of str
        The columns, in order.
    n_rows : int
    """

    def __init__(self, source, columns, *, missing=(), separator=None, decimal=".", start=0):
        self.source = source
        self.separator = separator
        self.decimal = decimal
        self.start = start
        self.names = list(columns)
        self.n_rows = len(next(iter(columns.values()), ()))
        self._missing = missing
        self._raw = dict(columns)
        self._cells = {}
        self._text = {}
        self._numbers = {}

    def text(self, name):
        """Return the cells of column `name` as an Arrow array of strings; missing ones are null."""
        if name not in self._text:
            self._text[name] = _as_text(self._tidy(name))
        return self._text[name]

    def numbers(self, name):
        """Return column `name` as (float64 array, all integers?), or None if it is not numeric.

        Missing cells are NaN. A column without any value is not numeric. An infinite number is a
        DataError.
        """
        if name not in self._numbers:
            parsed = self._parse_numbers(self._tidy(name))
            if parsed is not None:
                infinite = np.flatnonzero(np.isinf(parsed[0]))
                if infinite.size:
                    raise DataError(
                        f"{self.source}: column {name!r} holds an infinite number "
                        f"in data row {self.row(infinite[0])}"
                    )
            self._numbers[name] = parsed
        return self._numbers[name]

    def values(self, name):
        """Return column `name` as `numbers` does, booleans as 0 and 1."""
        parsed = self.numbers(name)
        if parsed is None:
            levels, codes = self.encoded(name)
            found = [_TRUTHS.get(level if level is None else level.lower()) for level in levels]
            if None not in found and not np.isnan(found).all():
                return np.array(found)[codes], True
        return parsed

    def first_missing(self, name):
        """Return the number of the first row without a cell in column `name`, from 1."""
        return self.row(self._tidy(name).is_null().to_numpy(zero_copy_only=False).argmax())

    def n_missing(self, name):
        """Return how many cells of column `name` are missing."""
        return self._tidy(name).null_count

    def encoded(self, name):
        """Return (levels, codes) of column `name`, see `encode`."""
        return encode(self.text(name))

    def distinct(self, name, rows):
        """Return how many different numbers, exactly, these rows of column `name` hold."""
        cells = self._tidy(name)
        if not pyarrow().types.is_large_string(cells.type):
            return len(cells.take(pyarrow().array(rows)).unique())
        values = self.numbers(name)[0][rows]
        if np.abs(values).max() < 2**53:
            return np.unique(values).size
        return len({int(text) for text in cells.take(pyarrow().array(rows)).to_pylist()})

    def joined(self, other, names):
        """Return a table of the columns `names`, of the rows of this table and then of `other`.

        What the two hold in different types becomes text, written as in this table.
        """
        pa = pyarrow()
        columns = {}
        for name in names:
            parts = [self._tidy(name), other._tidy(name)]
            if parts[0].type != parts[1].type:
                parts = [_written(part, self.decimal) for part in parts]
            columns[name] = pa.chunked_array(parts)
        return Table(f"{self.source} and {other.source}", columns, decimal=self.decimal)

    def row(self, i):
        """Return the number of row `i` of this table in its source, counted from 1."""
        return int(i) + self.start + 1

    def first_text(self, name):
        """Return (row, cell) of the first cell of column `name` that is no number; the row counts
        from 1 in the source."""
        pa = pyarrow()
        for i, cell in enumerate(self.text(name)):
            one = pa.array([cell.as_py()], pa.large_string())
            if _parsed(one, self.decimal, pa.float64()) is None:
                return self.row(i), cell.as_py()
        return None

    def _tidy(self, name):
        """Return column `name` with all that means "missing" as null; dates and the like are an
        error."""
        if name not in self._cells:
            if name not in self._raw:
                raise DataError(self.absent(name))
            cells = _plain(self._raw.pop(name))
            unusable = _unusable(cells.type)
            if unusable:
                self._raw[name] = cells
                raise DataError(
                    f"{self.source}: column {name!r} holds {unusable} ({cells.type}); wanted are "
                    "numbers, texts or booleans: convert it, or leave it out (--drop)"
                )
            self._cells[name] = _without_missing(cells, self._missing)
        return self._cells[name]

    def _parse_numbers(self, cells):
        pa = pyarrow()
        if cells.null_count == len(cells):
            return None
        if pa.types.is_boolean(cells.type):
            return None
        if not pa.types.is_large_string(cells.type):
            values = cells.cast(pa.float64(), safe=False)
            values = values.fill_null(np.nan).to_numpy(zero_copy_only=False)
            return values, pa.types.is_integer(cells.type)
        for kind in (pa.int64(), pa.uint64(), pa.float64()):
            # a cast that fails is slow: let it fail on a few cells
            if _parsed(cells[:1000], self.decimal, kind) is not None:
                parsed = _parsed(cells, self.decimal, kind)
                if parsed is not None:
                    values = parsed.cast(pa.float64(), safe=False)
                    values = values.fill_null(np.nan).to_numpy(zero_copy_only=False)
                    return values, pa.types.is_integer(kind)
        return None

    def absent(self, name):
        """Return the sentence that there is no column `name`, and which it may have been."""
        folded = {column.casefold(): column for column in self.names}
        close = difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)
        if close:
            names = " or ".join(repr(folded[key]) for key in close)
            return f"{self.source}: no column {name!r}; did you mean {names}?"
        if len(self.names) == 1 and self.separator:
            only = repr(cut(self.names[0]))
            return (
                f"{self.source}: no column {name!r}; its only column is {only}, "
                f"read with the separator {self.separator!r}; --sep gives another"
            )
        return f"{self.source}: no column {name!r}; its columns are {listed(self.names, 20)}"


def meant(wanted, names):
    """Return a question for each of `wanted` that one of `names` resembles."""
    folded = {name.casefold(): name for name in names}
    hints = []
    for name in wanted[:5]:
        close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
        hints += [f"is {folded[key]!r} meant for {name!r}?" for key in close]
    return " ".join(hints)


def cut(text, width=80):
    """Return a text for a message, which must not be as long as a cell can be."""
    return text if len(text) <= width else text[: width - 3] + "..."


def listed(items, limit=5):
    """Return up to `limit` items joined by commas, and how many more there are."""
    items = [cut(str(item)) for item in items]
    more = f" and {len(items) - limit} more" if len(items) > limit else ""
    return ", ".join(items[:limit]) + more


def _parsed(cells, decimal, kind):
    """Return text cells as numbers of an Arrow type, or None if one of them is no such number."""
    pa = pyarrow()
    if decimal != ".":
        # a point would be a thousands separator, or a number written otherwise
        if pa.compute.any(pa.compute.match_substring(cells, ".")).as_py():
            return None
        cells = pa.compute.replace_substring(cells, decimal, ".")
    try:
        return cells.cast(kind)
    except pa.ArrowInvalid:
        return None


def _plain(column):
    """Return a column as one array, without a dictionary, its texts as large strings."""
    pa = pyarrow()
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):  # what combine_chunks returns was changed once
            column = column.chunk(0) if column.num_chunks else pa.array([], column.type)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_null(kind) or pa.types.is_string(kind) or str(kind) == "string_view":
        column = column.cast(pa.large_string())
    return column


def _unusable(kind):
    """Return what an Arrow type holds if it is neither numbers nor texts nor booleans."""
    types = pyarrow().types
    if types.is_temporal(kind):
        return "dates or times"
    if types.is_nested(kind):
        return "nested values"
    known = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean)
    if types.is_large_string(kind) or any(is_known(kind) for is_known in known):
        return None
    return "values of a type that is not supported"


def _without_missing(cells, missing):
    """Return cells with all that means "missing" as null, texts trimmed."""
    pa = pyarrow()
    kind = cells.type
    if pa.types.is_boolean(kind):
        return cells
    if pa.types.is_large_string(kind):
        cells = pa.compute.utf8_trim_whitespace(cells)
        absent = pa.array([*MISSING, *missing], kind)
        gone = pa.compute.is_in(cells, value_set=absent)
    else:
        if not pa.types.is_integer(kind):
            cells = cells.cast(pa.float64(), safe=False)
        absent = []
        for text in missing:
            try:
                absent.append(pa.scalar(float(text), pa.float64()).cast(cells.type).as_py())
            except (ValueError, pa.ArrowInvalid):
                continue  # no cell of this column can be equal to it
        gone = pa.compute.is_in(cells, value_set=pa.array(absent, cells.type))
        if pa.types.is_floating(cells.type):
            gone = pa.compute.or_(gone, pa.compute.is_nan(cells).fill_null(False))
    return pa.compute.if_else(gone, pa.scalar(None, cells.type), cells)


def _as_text(cells):
    """Return cells as large strings; booleans as Python writes them."""
    pa = pyarrow()
    if pa.types.is_boolean(cells.type):
        true, false = (pa.scalar(text, pa.large_string()) for text in ("True", "False"))
        return pa.compute.if_else(cells, true, false)
    return cells.cast(pa.large_string())


def _written(cells, decimal):
    """Return cells as a CSV file holds them, numbers with this decimal sign."""
    text = _as_text(cells)
    if decimal != "." and pyarrow().types.is_floating(cells.type):
        text = pyarrow().compute.replace_substring(text, ".", decimal)
    return text


def encode(cells):
    """Return (levels, codes) of text cells: the levels sorted, missing (None) last."""
    pa = pyarrow()
    encoded = pa.compute.dictionary_encode(cells, null_encoding="encode")
    levels = encoded.dictionary.to_pylist()
    order = sorted(range(len(levels)), key=lambda i: (levels[i] is None, levels[i] or ""))
    rank = np.empty(len(levels), dtype=np.int64)
    rank[order] = np.arange(len(levels))
    return [levels[i] for i in order], rank[encoded.indices.to_numpy(zero_copy_only=False)]
