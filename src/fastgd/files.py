"""Files in and out: CSV and Parquet, whole or in batches of bounded size.

What is read becomes a `Table`; what is written is Arrow columns. Cells of a CSV file are kept as
text, since PyArrow would guess the types of columns from their first block.
"""

import codecs
import contextlib
import csv
import io
import itertools
import json
import os
import re
import stat
import sys
from dataclasses import dataclass

from .errors import DataError
from .tables import Table, pyarrow
from .writing import whole

SEPARATORS = ",;\t|"
OUTPUTS = (".csv", ".csv.gz", ".csv.zst", ".parquet")

_HEAD_BYTES = 1 << 18  # enough to guess the separator
_BATCH_BYTES = 1 << 18  # of CSV text in a batch, if its records are not long
_BLOCK_BYTES = 1 << 20, 1 << 26  # of CSV text that is read whole; no record may be longer
_BATCH_ROWS = 1 << 14
_GROUP_ROWS = 1 << 16  # in a row group of a Parquet file that is written
_COMPRESSED = b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd"  # how gzip, bzip2 and zstd begin
_SEP_LINE = re.compile('"?sep=([,;|\t])"?(?:\r\n|\r|\n)', re.IGNORECASE)  # what Excel understands
_PARQUET = b"PAR1"  # the first and the last four bytes of a Parquet file


@dataclass(frozen=True)
class Format:
    """How a file is to be read; what is None is found out.

    Attributes
    ----------
    separator : str, optional
        One character; guessed among comma, semicolon, tab and ``|``.
    decimal : {".", ","}
    encoding : str, optional
        Of the text; UTF-8, or UTF-16 if the file begins with its byte order mark.
    missing : tuple of str
        Cells that mean "missing" beside those that always do.
    """

    separator: str | None = None
    decimal: str = "."
    encoding: str | None = None
    missing: tuple = ()


def read(path, form=None):
    """Read a CSV file whose first line names its columns, or a Parquet file.

    Parameters
    ----------
    path : str or path-like
        Plain or compressed (``.gz``, ``.bz2``, ``.zst``); ``-`` is standard input. Whether it is
        CSV or Parquet is seen from how it begins.
    form : Format, optional

    Returns
    -------
    Table

    Raises
    ------
    fastgd.DataError
        If the file is empty, damaged, ragged (the line is named), not text in its encoding, or
        has no data rows.
    OSError
        If the file cannot be opened.
    ModuleNotFoundError
        If PyArrow is not installed.
    """
    pa, source, form = pyarrow(), _Source(path), form or Format()
    if source.head.startswith(_PARQUET):
        with _parquet(source) as file:
            cells = file.read()
        _check_names(source.path, cells.schema.names)
        if not cells.num_rows:
            raise DataError(f"{source.path}: a Parquet file without rows")
        return Table(
            source.path,
            dict(zip(cells.schema.names, cells.columns, strict=True)),
            missing=form.missing,
        )
    layout = _Layout.of(source, form)
    for block in _BLOCK_BYTES:
        try:
            with source.open() as file:
                cells = pa.csv.read_csv(file, **layout.options(pa, block))
            break
        except (pa.ArrowInvalid, OSError, UnicodeError) as error:
            if block == _BLOCK_BYTES[-1] or "straddl" not in str(error):
                raise layout.trouble(source, error) from None
    layout.check_end(source, cells)
    if cells.num_rows < 2:
        raise DataError(f"{source.path}: only a header line, no data rows")
    columns = [column[1:] for column in cells.columns]
    return layout.table(source, dict(zip(layout.names, columns, strict=True)), form)


def batches(path, form=None, columns=None, most=_BATCH_ROWS):
    """Read a file as `read` does, but in batches, so that memory does not grow with the file.

    Parameters
    ----------
    path, form
        As for `read`. Standard input, and what is no regular file, is read as it comes (but
        Parquet, which is read from its end, into memory).
    columns : list of str, optional
        Those needed; others are left out where that saves work, unless one of these is absent.
    most : int
        Rows in a batch; those of CSV are also limited in bytes.

    Yields
    ------
    table : Table
        Some rows, at least one.
    raw : dict of str to Arrow array
        The cells of these rows as they are in the file.

    Raises
    ------
    As `read`, but only when the trouble is met.
    """
    source, form = _Source(path, streamed=True), form or Format()
    if source.head.startswith(_PARQUET):
        yield from _parquet_batches(source, form, columns, most)
    else:
        yield from _csv_batches(source, form, columns, most)


def _csv_batches(source, form, columns, most):
    pa, layout = pyarrow(), _Layout.of(source, form)
    longest = max(map(len, source.head.splitlines()))
    options = layout.options(pa, max(_BATCH_BYTES, 16 * longest), columns)
    start, batch = -1, None  # the header is the first record
    try:
        with source.open() as file, pa.csv.open_csv(file, **options) as reader:
            for batch in reader:
                names = [layout.names[int(name[1:])] for name in batch.schema.names]
                raw = dict(zip(names, batch.columns, strict=True))
                if start < 0 and batch.num_rows:
                    raw = {name: column[1:] for name, column in raw.items()}
                    start = 0
                for first in range(0, len(next(iter(raw.values()))), most):
                    part = {name: column[first : first + most] for name, column in raw.items()}
                    yield layout.table(source, part, form, start + first), part
                start += len(next(iter(raw.values())))
    except (pa.ArrowInvalid, OSError, UnicodeError) as error:
        raise layout.trouble(source, error) from None
    layout.check_end(source, batch)
    if start < 1:
        raise DataError(f"{source.path}: only a header line, no data rows")


def _parquet_batches(source, form, columns, most):
    start = 0
    with _parquet(source) as file:
        names = file.schema_arrow.names
        _check_names(source.path, names)
        if columns is not None and set(columns) <= set(names):
            names = [name for name in names if name in set(columns)]
        for batch in file.iter_batches(most, columns=names):
            if batch.num_rows:
                raw = {name: batch.column(name) for name in names}
                yield Table(source.path, raw, missing=form.missing, start=start), raw
                start += batch.num_rows
    if not start:
        raise DataError(f"{source.path}: a Parquet file without rows")


# ---------------------------------------------------------------- where bytes come from


class _Source:
    """A file that is read from its start: a pipe once, into memory or, streamed, as it comes.

    Attributes
    ----------
    head : bytes
        The first record at least, as a rule much more.
    """

    def __init__(self, path, streamed=False):
        pa = pyarrow()
        path = os.fspath(path)
        self.path = "standard input" if path == "-" else path  # in messages
        self.pipe = None
        if path == "-":
            file, regular = sys.stdin.buffer, False
        else:
            file = open(path, "rb")
            regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        if regular:
            file.close()
            self._open = lambda: pa.input_stream(path)
        try:
            if streamed and not regular:
                self.pipe = file
            elif not regular:
                self._keep(file.read())
            with contextlib.nullcontext(file) if self.pipe else self._open() as stream:
                self.head = _head(stream)
        except OSError as error:
            raise DataError(f"{self.path}: cannot be read: {error}") from None
        if not self.head.strip(b" \t\r\n\0\xef\xbb\xbf\xfe\xff"):
            raise DataError(f"{self.path}: the file is empty")

    def _keep(self, data):
        pa = pyarrow()
        self._open = lambda: pa.input_stream(pa.py_buffer(data))

    def keep(self):
        """Read what is left of a pipe into memory, so that it can be read in any order."""
        if self.pipe:
            self._keep(self.head + self.pipe.read())
            self.pipe = None

    def open(self):
        """Return the bytes from the start; of a streamed pipe only once."""
        if self.pipe:
            self.joined = _Rejoined(self.head, self.pipe)
            return self.joined
        return self._open()

    def lines(self, encoding):
        """Yield the lines as text, bytes that are not in `encoding` as lone surrogates."""
        with self.open() as file:
            yield from io.TextIOWrapper(file, encoding, errors="surrogateescape", newline="")


class _Rejoined(io.RawIOBase):
    """What was read from a pipe already, and then the rest of it."""

    def __init__(self, head, pipe):
        self._head, self._pipe = head, pipe
        self.quotes = 0  # seen so far

    def readable(self):
        return True

    def readinto(self, buffer):
        data = self._head[: len(buffer)] or self._pipe.read1(len(buffer))
        self._head = self._head[len(data) :]
        buffer[: len(data)] = data
        self.quotes += data.count(b'"')
        return len(data)


def _head(file):
    """Read the beginning of a file, as far as the end of its first line at least."""
    head = b""
    while more := file.read(_HEAD_BYTES):
        head += more
        if len(head) >= _HEAD_BYTES and (b"\n" in head or b"\r" in head):
            break
    return head


# ---------------------------------------------------------------- CSV


@dataclass(frozen=True)
class _Layout:
    """How a CSV file is written, and its columns."""

    separator: str
    encoding: str
    names: list
    before: int  # lines before the header

    @classmethod
    def of(cls, source, form):
        path, head = source.path, source.head
        encoding = form.encoding
        if encoding is None:
            wide = head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
            encoding = "utf-16" if wide else "utf-8"
        encoding = codecs.lookup(encoding).name
        if encoding == "utf-8":
            encoding = "utf-8-sig"  # a byte order mark is no part of the first name
        if head.startswith(_COMPRESSED):
            raise DataError(
                f"{path}: compressed; that is understood of files whose name ends in "
                ".gz, .bz2 or .zst"
            )
        if head.startswith(b"PK\x03\x04"):
            raise DataError(
                f"{path}: a workbook or another zip archive; save the sheet as CSV, in UTF-8"
            )
        if b"\0" in head and not encoding.startswith(("utf-16", "utf-32")):
            raise DataError(
                f"{path}: not a CSV file in {_spoken(encoding)} (it holds zero bytes); "
                "if it is text in another encoding, say which (--encoding)"
            )
        text = head.decode(encoding, errors="replace").removeprefix("\ufeff")
        said = _SEP_LINE.match(text)
        text = text[said.end() :] if said else text
        separators = SEPARATORS if form.decimal != "," else ";\t|,"
        separator = form.separator or (said and said[1]) or guess_separator(text, separators)
        record = next(_records(text, separator), None)
        if record is None:
            raise DataError(f"{path}: only a line that says which separator is meant, no data")
        return cls(separator, encoding, _header(record, path), 1 if said else 0)

    def options(self, pa, block, columns=None):
        """Return the arguments of PyArrow's readers; every cell is to be text.

        The last column is always read: it is where a quote that is never closed shows.
        """
        last = len(self.names) - 1
        include = None
        if columns is not None and set(columns) <= set(self.names):
            wanted = set(columns)
            include = [f"f{i}" for i, x in enumerate(self.names) if x in wanted or i == last]
        coded = {} if self.encoding == "utf-8-sig" else {"encoding": self.encoding}
        return {
            "read_options": pa.csv.ReadOptions(
                autogenerate_column_names=True, block_size=block, skip_rows=self.before, **coded
            ),
            "parse_options": pa.csv.ParseOptions(delimiter=self.separator, newlines_in_values=True),
            "convert_options": pa.csv.ConvertOptions(
                column_types={f"f{i}": pa.large_string() for i in range(len(self.names))},
                strings_can_be_null=False,
                include_columns=include,
            ),
        }

    def table(self, source, columns, form, start=0):
        return Table(
            source.path,
            columns,
            missing=form.missing,
            separator=self.separator,
            decimal=form.decimal,
            start=start,
        )

    def check_end(self, source, cells):
        """Complain if the last record of `cells` ends in a quote that is never closed.

        PyArrow takes what follows such a quote, to the end of the file, for one cell.
        """
        if cells is not None and cells.num_rows and "\n" in cells.columns[-1][-1].as_py():
            if source.pipe and source.joined.quotes % 2:
                raise DataError(f"{source.path}: a quote is opened and never closed")
            line = None if source.pipe else self._open_quote(source)
            if line:
                raise DataError(f"{source.path}: the quote opened in line {line} is never closed")

    def trouble(self, source, error):
        """Return the DataError that says why PyArrow refused the file, with the line if known."""
        if "Empty CSV file" in str(error):
            return DataError(f"{source.path}: only a header line, no data rows")
        why = None if source.pipe else self._why_unreadable(source)
        return DataError(f"{source.path}{why or f': cannot be read as CSV: {error}'}")

    def _why_unreadable(self, source):
        try:
            for number, line in enumerate(source.lines(self.encoding), 1):
                if not line.isascii() and any("\udc80" <= char <= "\udcff" for char in line):
                    hint = "say which it is (--encoding latin-1, for instance)"
                    if not self.encoding.startswith("utf-8"):
                        hint = "another encoding may be right"
                    return f", line {number}: not {_spoken(self.encoding)} text; {hint}"
            lines = itertools.islice(source.lines(self.encoding), self.before, None)
            reader = csv.reader(lines, delimiter=self.separator)
            records = (record for record in reader if record)
            width = len(next(records))
            for record in records:
                if len(record) != width:
                    line = self._open_quote(source)
                    at = reader.line_num + self.before
                    if line and line <= at:  # it is what made this record short
                        return f": the quote opened in line {line} is never closed"
                    cells = "1 cell" if len(record) == 1 else f"{len(record)} cells"
                    return (
                        f", line {at}: {cells}, but the header has {width} "
                        f"(separator {self.separator!r})"
                    )
        except csv.Error:
            pass
        except (OSError, UnicodeError):
            return None
        line = self._open_quote(source)
        return f": the quote opened in line {line} is never closed" if line else None

    def _open_quote(self, source):
        """Return the line of a quote that is never closed, else None."""
        lines = source.lines(self.encoding)
        reader = csv.reader(lines, delimiter=self.separator, strict=True)
        line = 1
        before = csv.field_size_limit(2**31 - 1)  # what follows the quote may be long
        try:
            for _ in reader:
                line = reader.line_num + 1
        except csv.Error as error:
            if "end of data" in str(error):
                return line
        finally:
            csv.field_size_limit(before)
        return None


def _spoken(encoding):
    return encoding.removesuffix("-sig").upper()


def _header(cells, path):
    names = [cell.strip() or f"column_{i + 1}" for i, cell in enumerate(cells)]
    _check_names(path, names)
    return names


def _check_names(path, names):
    seen = set()
    for name in names:
        if name in seen:
            raise DataError(f"{path}: two columns are called {name!r}; rename one")
        seen.add(name)


def _records(text, separator):
    """Yield the non-empty records at the start of a file; the last may be cut short."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        yield from (record for record in reader if record)
    except csv.Error:
        return


def guess_separator(text, separators=SEPARATORS):
    """Return the separator that splits these lines most evenly, the first of equals.

    Parameters
    ----------
    text : str
        The beginning of the file; its last line may be cut short.
    separators : str
        Those that may be.
    """

    def evenness(separator):
        widths = [len(record) for record in itertools.islice(_records(text, separator), 100)]
        if len(widths) > 1:
            widths.pop()  # possibly cut short
        if not widths or widths[0] < 2:
            return (0.0, 0)
        return (sum(width == widths[0] for width in widths) / len(widths), widths[0])

    return max(separators, key=evenness)


# ---------------------------------------------------------------- Parquet


@contextlib.contextmanager
def _parquet(source):
    """Open a Parquet file; what PyArrow finds wrong in it, then or later, is a DataError."""
    pa = pyarrow()
    from pyarrow import parquet

    source.keep()
    try:
        with source.open() as stream:
            # no more of a row group than is asked for comes into memory
            yield parquet.ParquetFile(stream, pre_buffer=False, buffer_size=_BATCH_BYTES)
    except (pa.ArrowException, OSError) as error:
        what = str(error).strip().partition("\n")[0]
        if "magic bytes" in what or "footer" in what:
            what = "it is cut short: the end of a Parquet file is missing"
        raise DataError(f"{source.path}: not readable as Parquet: {what}") from None


# ---------------------------------------------------------------- files out


@contextlib.contextmanager
def writer(path):
    """Write rows to a CSV or Parquet file, which appears whole or not at all.

    Parameters
    ----------
    path : str
        The kind of file is told by its name: one of `OUTPUTS`.

    Yields
    ------
    CsvRows or ParquetRows
    """
    pa = pyarrow()
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(whole(path))
        if not os.path.isfile(place):  # a pipe or a device
            yield CsvRows(stack.enter_context(open(place, "wb")))
        elif path.endswith(".parquet"):
            yield stack.enter_context(contextlib.closing(ParquetRows(place)))
        else:  # the suffix says how to compress
            yield CsvRows(stack.enter_context(pa.output_stream(place)))


class CsvRows:
    """Rows as CSV text in UTF-8, separated by commas; `file` takes bytes."""

    def __init__(self, file):
        self._file = file
        self._empty = True

    def write(self, columns):
        """Write the rows of `columns`, a dict of names to Arrow arrays."""
        pa = pyarrow()
        cells = [_csv_cells(column, name, pa) for name, column in columns.items()]
        if self._empty:
            names = io.StringIO()
            csv.writer(names, lineterminator="\n").writerow(columns)
            self._file.write(names.getvalue().encode())
            self._empty = False
        cells[-1] = pa.compute.binary_join_element_wise(
            cells[-1], pa.scalar("\n", pa.large_string()), pa.scalar("", pa.large_string())
        )
        lines = pa.compute.binary_join_element_wise(*cells, pa.scalar(",", pa.large_string()))
        self._file.write("".join(lines.to_pylist()).encode())


class JsonRows:
    """Rows as objects in a JSON array; `file` takes text, `before` is what precedes the array."""

    def __init__(self, file, before=""):
        self._file = file
        self._before = before + "[\n  "

    def write(self, columns):
        """Write the rows of `columns`, a dict of names to Arrow arrays."""
        names = list(columns)
        cells = [column.to_pylist() for column in columns.values()]
        for row in zip(*cells, strict=True):
            row = [None if cell != cell else cell for cell in row]  # JSON has no NaN
            text = json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=str)
            self._file.write(self._before + text)
            self._before = ",\n  "

    def close(self):
        """End the array."""
        self._file.write("\n]")


class ParquetRows:
    """Rows of a Parquet file, in groups of `_GROUP_ROWS` or a little more."""

    def __init__(self, path):
        self._path = path
        self._file = None
        self._waiting = []
        self._count = 0

    def write(self, columns):
        """Write the rows of `columns`, a dict of names to Arrow arrays."""
        pa = pyarrow()
        batch = pa.RecordBatch.from_pydict(columns)
        self._waiting.append(batch)
        self._count += batch.num_rows
        if self._count >= _GROUP_ROWS:
            self._flush()

    def _flush(self):
        pa = pyarrow()
        from pyarrow import parquet

        if self._waiting:
            table = pa.Table.from_batches(self._waiting)
            if self._file is None:
                self._file = parquet.ParquetWriter(self._path, table.schema)
            self._file.write_table(table, row_group_size=self._count)
            self._waiting, self._count = [], 0

    def close(self):
        """Write what waits, and the end of the file."""
        try:
            self._flush()
        finally:
            if self._file is not None:
                self._file.close()


def _csv_cells(column, name, pa):
    """Return a column as large strings, quoted where they must be; missing ones are empty."""
    try:
        cells = column.cast(pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise DataError(
            f"column {name!r} holds {column.type}, which CSV cannot; write Parquet"
        ) from None
    cells = cells.fill_null("")
    if not pa.types.is_floating(column.type):
        special = pa.compute.match_substring_regex(cells, '[,"\r\n]')
        if pa.compute.any(special).as_py():
            quote, none = (pa.scalar(text, pa.large_string()) for text in ('"', ""))
            doubled = pa.compute.replace_substring(cells, '"', '""')
            quoted = pa.compute.binary_join_element_wise(quote, doubled, quote, none)
            cells = pa.compute.if_else(special, quoted, cells)
    return cells
