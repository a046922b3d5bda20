"""Reading CSV files, target columns and the split into training and held-out rows."""

import gzip

import numpy as np
import pytest

from fastgd import DataError, tables

pytest.importorskip("pyarrow")


def read(tmp_path, text, name="data.csv", **options):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return tables.read_csv(path, **options)


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
    assert tables.guess_separator("a;b\n1,5;2\n3;4,5\n") == ";"
    assert tables.guess_separator("text,x\n'a;b;c',1\n'd',2\n") == ","
    assert tables.guess_separator("alone\n1\n2\n") == ","
    assert tables.guess_separator("a|b,c|d\n1|2|3\n4|5|6\n") == "|"


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
    assert table.first_text("text") == (2, "x")


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
        (b"a,b\n1,\xc3\xa9\n1,\xe9\n", "line 3: not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "not a CSV file in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "not a CSV file"),
    ],
)
def test_unreadable_files(tmp_path, text, match):
    refused(tmp_path, text, match)


def test_a_closed_quote_at_the_end_is_fine(tmp_path):
    assert read(tmp_path, 'a,b\n1,"2\n3"\n').text("b").to_pylist() == ["2\n3"]


def test_files_that_cannot_be_opened(tmp_path):
    with pytest.raises(FileNotFoundError):
        tables.read_csv(tmp_path / "absent.csv")
    with pytest.raises(OSError, match=r"directory|denied"):
        tables.read_csv(tmp_path)
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 1000)[:-20])
    with pytest.raises(DataError, match=r"data\.csv\.gz: cannot be read"):
        tables.read_csv(path)


def test_missing_column_names_close_ones(tmp_path):
    table = read(tmp_path, "Income,age\n1,2\n")
    with pytest.raises(DataError, match="no column 'income'; did you mean 'Income'"):
        table.text("income")
    with pytest.raises(DataError, match="its columns are Income, age"):
        table.text("zzz")


# ---------------------------------------------------------------- targets


def target(tmp_path, *cells):
    table = read(tmp_path, "y,x\n" + "\n".join(f"{cell},0" for cell in cells) + "\n")
    return tables.read_target(table, "y")


@pytest.mark.parametrize(
    ("cells", "classes", "positive"),
    [
        ("MBBM", ("B", "M"), [1, 0, 0, 1]),
        (["yes", "no"], ("no", "yes"), [1, 0]),
        ([">50K", "<=50K"], ("<=50K", ">50K"), [1, 0]),
        ([1, 0], ("0", "1"), [1, 0]),
        ([10, 9], ("9", "10"), [1, 0]),
        (["1.0", "2.0"], ("1", "2"), [0, 1]),
        ([-1, 1], ("-1", "1"), [0, 1]),
        (["True", "False"], ("False", "True"), [1, 0]),
        (["10", "x"], ("10", "x"), [0, 1]),
    ],
)
def test_classes_are_sorted_and_the_second_is_positive(tmp_path, cells, classes, positive):
    found = target(tmp_path, *cells)
    assert found.classes == classes
    assert found.values.tolist() == positive


def test_rows_without_a_target_are_left_out(tmp_path):
    found = target(tmp_path, "a", "", "b", "NA", "a")
    assert found.rows.tolist() == [0, 2, 4]
    assert found.values[found.rows].tolist() == [0, 1, 0]


def test_fractions_within_0_and_1_are_soft_labels(tmp_path):
    found = target(tmp_path, 0, 1, 0.25, "")
    assert found.classes is None
    assert found.values[:3].tolist() == [0, 1, 0.25]


@pytest.mark.parametrize(
    ("cells", "match"),
    [
        (["a", "a"], r"target 'y' has one class only \(a\)"),
        ([1, 1, ""], r"one class only \(1\)"),
        (["", "NA"], "target 'y' has no values"),
        (["a", "b", "c"], r"3 classes \(a, b, c\)"),
        (range(9), r"9 classes \(0, 1, 2, 3, 4 and 4 more\)"),
        ([0.5, 1.5], "numbers from 0.5 to 1.5, with fractions; wanted are two classes"),
        ([-0.5, 0.5], "numbers from -0.5 to 0.5"),
        ([1, "inf"], "infinite"),
    ],
)
def test_targets_that_are_not_binary(tmp_path, cells, match):
    with pytest.raises(DataError, match=match):
        target(tmp_path, *cells)


# ---------------------------------------------------------------- splits


def labels(*values):
    return tables.Target("y", ("0", "1"), np.array(values, dtype=float))


def test_split_is_the_same_everywhere():
    train, test = tables.split(labels(*[0, 0, 0, 1, 1] * 4), 0.25, 0)
    assert test.tolist() == [2, 3, 11, 13, 15]
    assert sorted([*train, *test]) == list(range(20))


def test_split_is_stratified():
    y = np.repeat([0.0, 1.0, np.nan], [1000, 90, 7])
    train, test = tables.split(labels(*y), 0.2, 3)
    assert [(y[test] == k).sum() for k in (0, 1)] == [200, 18]
    assert [(y[train] == k).sum() for k in (0, 1)] == [800, 72]
    assert not np.isnan(y[np.concatenate([train, test])]).any()
    assert np.all(np.diff(train) > 0)
    assert np.all(np.diff(test) > 0)


def test_split_depends_on_the_seed_and_may_be_empty():
    y = labels(*[0, 1] * 50)
    assert tables.split(y, 0.2, 0)[1].tolist() != tables.split(y, 0.2, 1)[1].tolist()
    assert tables.split(y, 0.0, 0)[1].size == 0


def test_split_never_takes_a_whole_class():
    train, test = tables.split(labels(0, 0, 0, 0, 1), 0.9, 0)
    assert 4 in train
    assert len(test) == 3
