"""Files in and out: CSV and Parquet, whole and in batches."""

import gzip

import numpy as np
import pytest

from fastgd import DataError, files

pytest.importorskip("pyarrow")


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
        ("a,b\n1,2\n3\n4,5\n", "line 3: 1 cell, but the header has 2"),
        ('a,b\n1,"x\ny"\n1,2,3\n', "line 4: 3 cells, but the header has 2"),
        ('a,b\n1,2\n1,"2\n3,4\n', "the quote opened in line 3 is never closed"),
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


