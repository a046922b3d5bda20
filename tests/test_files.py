"""Files in and out: CSV and Parquet, whole and in batches."""

import csv
import datetime
import decimal
import gzip
import io
import json
import sys

import numpy as np
import pytest

from fastgd import DataError, files

pa = pytest.importorskip("pyarrow")
pc = pytest.importorskip("pyarrow.csv")
pq = pytest.importorskip("pyarrow.parquet")


def read(tmp_path, text, name="data.csv", **options):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return files.read(path, files.Format(**options))


def refused(tmp_path, text, match, **options):
    with pytest.raises(DataError, match=match) as caught:
        read(tmp_path, text, **options)
    assert "data.csv" in str(caught.value)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separator_is_guessed(tmp_path, separator):
    text = "\n".join(["a@b@c", '1@"x,;|\tz"@3', "2@y@4"]).replace("@", separator)
    table = read(tmp_path, text)
    assert table.separator == separator
    assert table.names == ["a", "b", "c"]
    assert table.text("b").to_pylist() == ["x,;|\tz", "y"]


def test_guess_prefers_the_separator_that_splits_evenly():
    assert files.guess_separator("a;b\n1,5;2\n3;4,5\n") == ";"
    assert files.guess_separator("text,x\n'a;b;c',1\n'd',2\n") == ","
    assert files.guess_separator("alone\n1\n2\n") == ","
    assert files.guess_separator("a|b,c|d\n1|2|3\n4|5|6\n") == "|"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line", ["sep=;", '"SEP=;"'])
def test_line_that_tells_excel_the_separator(tmp_path, encoding, line):
    path = tmp_path / "excel.csv"
    path.write_bytes(f"{line}\r\na,b;c\r\n1;x\r\n2;y\r\n".encode(encoding))
    table = files.read(path)
    assert table.names == ["a,b", "c"] and table.n_rows == 2
    path.write_bytes(f"{line}\r\na;b\r\n1;x\r\n2\r\n".encode(encoding))
    with pytest.raises(DataError, match="line 4: 1 cell, but the header has 2"):
        files.read(path)
    path.write_bytes(f"{line}\r\n".encode(encoding))
    with pytest.raises(DataError, match="which separator is meant, no data"):
        files.read(path)


def test_separator_can_be_given(tmp_path):
    table = read(tmp_path, "a:b\n1:2\n", separator=":")
    assert table.names == ["a", "b"]


def test_cells_are_trimmed_and_missing_ones_are_null(tmp_path):
    table = read(tmp_path, 'a, b ,\n x ,NA,1\n"", NaN,2\n?,null,3\nunknown,5,4\n')
    assert table.names == ["a", "b", "column_3"]
    assert table.text("a").to_pylist() == ["x", None, "?", "unknown"]
    assert table.text("b").to_pylist() == [None, None, None, "5"]


def test_bom_crlf_blank_lines_and_quoted_newlines(tmp_path):
    table = read(tmp_path, b'\xef\xbb\xbf"a b",c\r\n\r\n1,"x\r\ny"\r\n\r\n2,"say ""hi"""\r\n')
    assert table.names == ["a b", "c"]
    assert table.text("c").to_pylist() == ["x\r\ny", 'say "hi"']


def test_compressed_file(tmp_path):
    table = read(tmp_path, gzip.compress(b"a,b\n1,2\n"), "data.csv.gz")
    assert table.names == ["a", "b"]
    assert table.n_rows == 1


def test_numbers(tmp_path):
    rows = ["1,1.5,1,x", ",2e3,2,1", "-3,,x,2"]
    table = read(tmp_path, "whole,real,text,late\n" + "\n".join(rows) + "\n")
    values, integers = table.numbers("whole")
    assert np.array_equal(values, [1, np.nan, -3], equal_nan=True)
    assert integers
    values, integers = table.numbers("real")
    assert np.array_equal(values, [1.5, 2000, np.nan], equal_nan=True)
    assert not integers
    assert table.numbers("text") is None
    assert table.first_text("text") == (3, "x")


def test_type_of_a_column_does_not_depend_on_its_first_block(tmp_path):
    """PyArrow alone decides from the first megabyte, and fails on what comes later."""
    lines = ["1,1"] * 400_000 + ["2.5,word"]
    table = read(tmp_path, "a,b\n" + "\n".join(lines) + "\n")
    values, integers = table.numbers("a")
    assert values[-1] == 2.5
    assert not integers
    assert table.numbers("b") is None


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "the file is empty"),
        ("\n \n", "the file is empty"),
        ("a,b\n", "only a header line"),
        ("a,b", "only a header line"),
        ('{"a": 1}', "only a header line"),
        (b"PK\x03\x04\0\0", "a workbook or another zip archive; save the sheet as CSV"),
        ("a,b\n1,2\n3\n4,5\n", "line 3: 1 cell, but the header has 2"),
        ('a,b\n1,"x\ny"\n1,2,3\n', "line 4: 3 cells, but the header has 2"),
        ('a,b\n1,2\n1,"2\n3,4\n', "the quote opened in line 3 is never closed"),
        ('a,b\n1,2\n"2,3\n4,5\n', "the quote opened in line 3 is never closed"),
        ('a,b\n1\n1,"2\n', "line 2: 1 cell, but the header has 2"),
        ("a,b,a\n1,2,3\n", "two columns are called 'a'"),
        (b"a,b\n1,\xc3\xa9\n1,\xe9\n", "line 3: not UTF-8 text; say which it is"),
        ("a,b\n1,2\n".encode("utf-16-le"), "not a CSV file in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "not a CSV file"),
    ],
)
def test_unreadable_files(tmp_path, text, match):
    refused(tmp_path, text, match)


def test_a_closed_quote_at_the_end_is_fine(tmp_path):
    assert read(tmp_path, 'a,b\n1,"2\n3"\n').text("b").to_pylist() == ["2\n3"]


def test_files_that_cannot_be_opened(tmp_path):
    with pytest.raises(FileNotFoundError):
        files.read(tmp_path / "absent.csv")
    with pytest.raises(OSError, match=r"directory|denied"):
        files.read(tmp_path)
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 1000)[:-20])
    with pytest.raises(DataError, match=r"data\.csv\.gz: cannot be read"):
        files.read(path)


def test_missing_column_names_close_ones(tmp_path):
    table = read(tmp_path, "Income,age\n1,2\n")
    with pytest.raises(DataError, match="no column 'income'; did you mean 'Income'"):
        table.text("income")
    with pytest.raises(DataError, match="its columns are Income, age"):
        table.text("zzz")


def test_columns_of_table_and_file_are_named_once(tmp_path):
    table = read(tmp_path, "a,NA,\n1,2,3\n")
    assert table.names == ["a", "NA", "column_3"]


# ---------------------------------------------------------------- how CSV is written


def test_byte_order_mark_of_utf_16(tmp_path):
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        mark = "" if encoding == "utf-16" else "\ufeff"
        table = read(tmp_path, (mark + "a\tb\r\né\t1\r\n").encode(encoding))
        assert table.names == ["a", "b"]
        assert table.text("a").to_pylist() == ["é"]


def test_encoding(tmp_path):
    data = "köln,b\nfür,1\n".encode("latin-1")
    table = read(tmp_path, data, encoding="latin-1")
    assert table.names == ["köln", "b"]
    assert table.text("köln").to_pylist() == ["für"]
    refused(tmp_path, data, "line 1: not UTF-8 text; say which it is")
    refused(tmp_path, b"a,b\n1,2\n\xe4,2\n", "line 3: not ASCII text", encoding="ascii")
    assert read(tmp_path, "ä,b\n1,2\n".encode("utf-16-le"), encoding="utf-16-le").names[0] == "ä"


def test_decimal_comma(tmp_path):
    table = read(tmp_path, "a;b;c\n1,5;1.500;1\n;2;x\n-2e3;3;1,5\n", decimal=",")
    values, integers = table.numbers("a")
    assert np.array_equal(values, [1.5, np.nan, -2000], equal_nan=True)
    assert not integers
    assert table.numbers("b") is None  # the point separates thousands, or is a mistake
    assert table.first_text("b") == (1, "1.500")
    assert table.first_text("c") == (2, "x")
    assert read(tmp_path, 'a,b\n"1,5",2\n"2,5",3\n', decimal=",").separator == ","


def test_further_missing_cells(tmp_path):
    table = read(tmp_path, "a,b\n-999,?\n1, unknown \n,NA\n", missing=("-999", "?"))
    assert np.array_equal(table.numbers("a")[0], [np.nan, 1, np.nan], equal_nan=True)
    assert table.text("b").to_pylist() == [None, "unknown", None]


def test_records_longer_than_a_block(tmp_path):
    text = "x" * 3_000_000
    assert read(tmp_path, f'a,b\n1,{text}\n2,"{text}\n"\n').text("b").to_pylist() == [text] * 2


def test_compressed_without_the_name(tmp_path):
    refused(tmp_path, gzip.compress(b"a,b\n1,2\n"), "compressed; that is understood of files whose")


# ---------------------------------------------------------------- Parquet


COLUMNS = {
    "i": pa.array([1, None, -999], pa.int32()),
    "u": pa.array([2**63, 1, 2], pa.uint64()),
    "f": pa.array([1.5, float("nan"), None], pa.float32()),
    "d": pa.array([decimal.Decimal("1.25"), None, decimal.Decimal("-2.00")], pa.decimal128(5, 2)),
    "b": pa.array([True, None, False]),
    "s": pa.array([" x ", "", "NA"]),
    "c": pa.array(["p", None, "q"]).dictionary_encode(),
    "n": pa.array([None, None, None]),
    "t": pa.array(["1", "2", None], pa.large_string()),
    "day": pa.array([datetime.date(2020, 1, 1), None, None]),
    "l": pa.array([[1], None, []]),
    "raw": pa.array([b"x", None, b"y"]),
}


def parquet(tmp_path, columns=COLUMNS, name="data.parquet", **options):
    path = tmp_path / name
    pq.write_table(pa.table(columns), path, **options)
    return path


def test_parquet_columns(tmp_path):
    table = files.read(parquet(tmp_path), files.Format(missing=("-999", "p")))
    assert table.names == list(COLUMNS)
    for name, expected, whole in (
        ("i", [1, np.nan, np.nan], True),
        ("u", [2.0**63, 1, 2], True),
        ("f", [1.5, np.nan, np.nan], False),
        ("d", [1.25, np.nan, -2], False),
        ("t", [1, 2, np.nan], True),
    ):
        values, integers = table.numbers(name)
        assert values.dtype == np.float64
        assert np.array_equal(values, expected, equal_nan=True)
        assert integers == whole
    for name, cells in (
        ("b", ["True", None, "False"]),
        ("s", ["x", None, None]),
        ("c", [None, None, "q"]),
        ("n", [None] * 3),
        ("i", ["1", None, None]),
        ("f", ["1.5", None, None]),
    ):
        assert table.text(name).to_pylist() == cells
    assert table.numbers("b") is table.numbers("n") is table.numbers("s") is None


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("day", r"dates or times \(date32\[day\]\)"),
        ("l", "nested values"),
        ("raw", "values of a type that is not supported"),
    ],
)
def test_parquet_columns_that_cannot_be_used(tmp_path, name, what):
    table = files.read(parquet(tmp_path))
    with pytest.raises(DataError, match=f"data.parquet: column '{name}' holds {what}"):
        table.numbers(name)
    with pytest.raises(DataError, match=f"column '{name}' holds {what}"):
        table.text(name)


def test_same_content_is_the_same_table(tmp_path):
    """What PyArrow writes as CSV and as Parquet is read alike."""
    rng = np.random.default_rng(3)
    kinds = pa.array(rng.choice(["u", "v", "?"], 50))
    table = pa.table({"x": rng.normal(size=50), "k": rng.integers(0, 9, 50), "c": kinds})
    csv_path = tmp_path / "data.csv"
    pc.write_csv(table, csv_path)
    one, other = files.read(csv_path), files.read(parquet(tmp_path, table.to_pydict()))
    for name in "xk":
        assert np.array_equal(one.numbers(name)[0], other.numbers(name)[0])
        assert one.numbers(name)[1] == other.numbers(name)[1]
    for name in "kc":
        assert one.text(name).equals(other.text(name))


@pytest.mark.parametrize("read_all", [files.read, lambda path: list(files.batches(path))])
def test_damaged_parquet(tmp_path, read_all):
    path = parquet(tmp_path, {"a": list(range(1000)), "b": [f"text {i}" for i in range(1000)]})
    data = path.read_bytes()
    for cut in (5, 100, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:cut])
        with pytest.raises(DataError, match="not readable as Parquet: it is cut short"):
            read_all(path)
    path.write_bytes(data[:100] + b"\xff" * 500 + data[600:])
    with pytest.raises(DataError, match=r"data\.parquet: not readable as Parquet"):
        read_all(path)
    with pytest.raises(DataError, match="a Parquet file without rows"):
        read_all(parquet(tmp_path, {"a": pa.array([], pa.int64())}))
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"]), path)
    with pytest.raises(DataError, match="two columns are called 'a'"):
        read_all(path)


# ---------------------------------------------------------------- batches


def gathered(path, **options):
    """All batches of a file, one after the other, as one dict of lists, and their lengths."""
    cells, starts, sizes = {}, [], []
    for table, raw in files.batches(path, **options):
        starts.append(table.start)
        sizes.append(table.n_rows)
        for name, column in raw.items():
            assert len(column) == table.n_rows
            cells.setdefault(name, []).extend(column.to_pylist())
    assert starts == [sum(sizes[:i]) for i in range(len(sizes))]
    return cells, sizes


def test_batches_are_the_file(tmp_path):
    n = 30_000
    columns = {
        "id": [str(i) for i in range(n)],
        " padded": [f" {i % 7} " for i in range(n)],
        "text": ['a\nb, "c"' if i % 1000 == 500 else "x" * (i % 50) for i in range(n)],
    }
    path = tmp_path / "data.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    cells, sizes = gathered(path)
    assert len(sizes) > 2
    assert cells == {name.strip(): column for name, column in columns.items()}
    assert gathered(path, most=777)[0] == cells
    assert max(gathered(path, most=777)[1]) == 777
    # what is read beside the wanted column shows quotes that are never closed
    assert set(gathered(path, columns=["id"])[0]) == {"id", "text"}
    assert set(gathered(path, columns=["id", "absent"])[0]) == {"id", "padded", "text"}
    where = parquet(tmp_path, columns, row_group_size=7000)
    assert gathered(where)[0] == columns
    assert gathered(where, columns=["text"])[0] == {"text": columns["text"]}


def test_batches_say_which_row(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("a,b\n" + "1,2\n" * 100_000 + "x,inf\n")
    *_, (table, _) = files.batches(path, most=1000)
    assert table.first_text("a") == (100_001, "x")
    with pytest.raises(DataError, match="infinite number in data row 100001"):
        table.numbers("b")


@pytest.mark.parametrize(
    ("tail", "match"),
    [
        ("1\n", "line 100002: 1 cell, but the header has 2"),
        ('1,"2\n3,4\n', "the quote opened in line 100002 is never closed"),
        ('1,"2\n' + "3,4\n" * 200_000, "the quote opened in line 100002 is never closed"),
        ("1,\xe9\n", "line 100002: not UTF-8"),
    ],
)
def test_trouble_late_in_a_file(tmp_path, tail, match):
    path = tmp_path / "data.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * 100_000 + tail.encode("latin-1"))
    with pytest.raises(DataError, match=match):
        list(files.batches(path, columns=["a"]))


def test_batches_of_a_pipe(tmp_path, monkeypatch):
    def pipe(data):
        stream = io.BufferedReader(io.BytesIO(data))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
        return "-"

    lines = b"a,b\n" + b"1,2\n" * 100_000
    cells, sizes = gathered(pipe(lines))
    assert len(cells["a"]) == 100_000 and len(sizes) > 1
    with pytest.raises(DataError, match="Expected 2 columns, got 1"):
        list(files.batches(pipe(lines + b"3\n")))
    with pytest.raises(DataError, match="a quote is opened and never closed"):
        list(files.batches(pipe(lines + b'3,"\n1,2\n')))
    assert gathered(pipe(lines + b'3,"4\n"\n'))[0]["b"][-1] == "4\n"
    with pytest.raises(DataError, match="only a header line"):
        list(files.batches(pipe(b"a,b\n")))
    assert gathered(pipe(parquet(tmp_path).read_bytes()))[0]["i"] == [1, None, -999]
    assert files.read(pipe(lines)).n_rows == 100_000


# ---------------------------------------------------------------- files out


ROWS = {
    "name": pa.array(["plain", 'say "x"', "a,b", "two\nlines", None, "é"]),
    "x": pa.array([0.1, 1e-300, -0.0, float("nan"), None, 1 / 3]),
    "k": pa.array([1, None, 3, 4, 5, 6]),
    "kind": pa.array(["p", "q", "p", None, "p", "q,"]).dictionary_encode(),
}


def test_csv_out_is_what_the_csv_module_reads():
    file = io.BytesIO()
    rows = files.CsvRows(file)
    rows.write({name: column[:4] for name, column in ROWS.items()})
    rows.write({name: column[4:] for name, column in ROWS.items()})
    header, *lines = csv.reader(io.StringIO(file.getvalue().decode(), newline=""))
    assert header == list(ROWS)
    columns = list(zip(*lines, strict=True))
    assert columns[0] == ("plain", 'say "x"', "a,b", "two\nlines", "", "é")
    numbers = [None if cell == "" else float(cell) for cell in columns[1]]
    assert repr(numbers) == repr(ROWS["x"].to_pylist())  # to the last digit, and -0.0
    assert columns[2] == ("1", "", "3", "4", "5", "6")
    assert columns[3] == ("p", "q", "p", "", "p", "q,")


def test_json_out():
    file = io.StringIO()
    rows = files.JsonRows(file, '{"rows": ')
    for part in (slice(0, 4), slice(4, 6)):
        rows.write({name: column[part] for name, column in ROWS.items()})
    rows.close()
    found = json.loads(file.getvalue() + "}")["rows"]
    assert [row["name"] for row in found] == ROWS["name"].to_pylist()
    assert [row["x"] for row in found] == [0.1, 1e-300, -0.0, None, None, 1 / 3]


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".csv.zst", ".parquet"])
def test_files_out(tmp_path, ending):
    path = str(tmp_path / f"out{ending}")
    (tmp_path / f"out{ending}").write_text("before")
    numbers = np.random.default_rng(1).random(200_000)
    with files.writer(path) as rows:
        for part in np.split(numbers, 50):
            rows.write({"x": pa.array(part), "c": pa.array(["u", "v"] * 2000)})
    again = np.concatenate([table.numbers("x")[0] for table, _ in files.batches(path)])
    assert np.array_equal(again, numbers)
    assert [entry.name for entry in tmp_path.iterdir()] == [f"out{ending}"]
    if ending == ".parquet":
        assert 1 < pq.ParquetFile(path).num_row_groups < 10


def test_a_file_out_is_whole_or_not_there(tmp_path):
    (tmp_path / "old.csv").write_text("before")
    for name in ("old.csv", "new.parquet"):
        with pytest.raises(RuntimeError, match="in between"):
            with files.writer(str(tmp_path / name)) as rows:
                rows.write({"x": pa.array([1.0] * 100_000)})
                raise RuntimeError("in between")
    assert [entry.name for entry in tmp_path.iterdir()] == ["old.csv"]
    assert (tmp_path / "old.csv").read_text() == "before"


def test_what_csv_cannot_hold():
    with pytest.raises(DataError, match=r"column 'l' holds list<.*>, which CSV cannot"):
        files.CsvRows(io.BytesIO()).write({"l": COLUMNS["l"]})
