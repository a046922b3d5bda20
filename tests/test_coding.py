"""Columns to features: what is left out, medians, references, scales, and new data."""

import json
import re
import warnings

import numpy as np
import pytest

import fastgd
from fastgd import DataError, files, tables, targets
from fastgd.coding import Category, Choices, Coding, Numeric, UnseenLevelWarning, copies, learn

pytest.importorskip("pyarrow")


def table(tmp_path, name="data.csv", **columns):
    """A table read from a file with these columns."""
    path = tmp_path / name
    cells = [["" if x is None else f'"{x}"' for x in column] for column in columns.values()]
    rows = [",".join(row) for row in zip(*cells, strict=True)]
    path.write_text("\n".join([",".join(columns), *rows]) + "\n")
    return files.read(path)


def learned(data, train=None, **options):
    rows = np.arange(data.n_rows)
    return learn(data, "y", rows, rows if train is None else np.asarray(train), **options)


Y = [0, 1, 0, 1, 0, 1]


def test_numeric_column(tmp_path):
    data = table(tmp_path, y=Y, a=[1, None, 2, 6, 2.5, 3], b=[1, 1, 1, 2, 2, 2])
    coding = learned(data)
    assert coding.columns == (Numeric("a", 2.5, True, True), Numeric("b", 1.5, True, False))
    assert coding.features == ["a", "a=(missing)", "b"]
    expected = [[1, 0, 1], [2.5, 1, 1], [2, 0, 1], [6, 0, 2], [2.5, 0, 2], [3, 0, 2]]
    design = coding.design(data)
    assert np.array_equal(design, expected)
    assert design.flags.f_contiguous
    assert np.array_equal(coding.design(data, np.array([3, 1])), np.array(expected)[[3, 1]])


def test_scales_are_deviations_and_only_numeric_values_are_penalised_by_them(tmp_path):
    data = table(tmp_path, y=Y, a=[1, None, 2, 6, 2.5, 3], c=list("uuvuwu"))
    coding = learned(data)
    assert np.allclose(coding.scales, coding.design(data).std(axis=0), rtol=1e-15)
    assert coding.penalty_scales == (coding.scales[0], 1, 1, 1)
    assert learned(data, standardize=False).penalty_scales == (1, 1, 1, 1)


def test_category_is_coded_against_its_most_frequent_level(tmp_path):
    data = table(tmp_path, y=Y, c=["v", None, "u", "v", "w", None], d=list("qpqpqp"))
    coding = learned(data)
    assert coding.columns == (
        Category("c", "v", ("u", "w", None), ()),
        Category("d", "p", ("q",), ()),  # of equals the first in sorted order
    )
    assert coding.features == ["c=u", "c=w", "c=(missing)", "d=q"]
    expected = [[0, 0, 0, 1], [0, 0, 1, 0], [1, 0, 0, 1], [0] * 4, [0, 1, 0, 1], [0, 0, 1, 0]]
    assert np.array_equal(coding.design(data), expected)


def test_missing_may_be_the_most_frequent_level(tmp_path):
    data = table(tmp_path, y=Y, c=["v", None, "u", None, "u", None])
    coding = learned(data)
    assert coding.columns == (Category("c", None, ("u", "v"), ()),)
    assert np.array_equal(coding.design(data)[:3], [[0, 1], [0, 0], [1, 0]])


def test_columns_that_cannot_be_features(tmp_path):
    n = 2100
    data = table(
        tmp_path,
        y=[0, 1] * (n // 2),
        id=range(n),
        near_id=[*range(n - 1), 0],
        real=[i + 0.5 for i in range(n)],
        one=[7] * n,
        word=["x"] * n,
        nothing=[None] * n,
        names=[f"name {i}" for i in range(n)],
        levels_1000=[f"level {i % 1000}" for i in range(n)],
        levels_1001=[f"level {i % 1001}" for i in range(n)],
        blank_or_one=[None, 7] * (n // 2),
        blank_or_word=[None, "x"] * (n // 2),
    )
    coding = learned(data)
    assert dict(coding.left_out) == {
        "id": "integers distinct in every row",
        "one": "constant (7)",
        "word": "constant (x)",
        "nothing": "no values",
        "names": "text with 2100 levels (over 1000)",
        "levels_1001": "text with 1001 levels (over 1000)",
    }
    names = ["near_id", "real", "levels_1000", "blank_or_one", "blank_or_word"]
    assert [column.name for column in coding.columns] == names
    assert coding.columns[3] == Numeric("blank_or_one", 7, False, True)
    assert coding.features[-2:] == ["blank_or_one=(missing)", "blank_or_word=(missing)"]


def test_text_distinct_in_more_than_half_its_rows_is_left_out(tmp_path):
    data = table(
        tmp_path, y=Y, half=list("aabbcc"), more=list("aabbcd"), gaps=[*"abc", *[None] * 3]
    )
    coding = learned(data)
    assert coding.left_out == (("more", "text with 4 levels in 6 rows (over half)"),)
    assert [column.name for column in coding.columns] == ["half", "gaps"]


def test_medians_references_and_scales_come_from_training_rows(tmp_path):
    data = table(
        tmp_path,
        y=Y,
        a=[1, 2, 3, 1000, 1000.5, None],
        c=["u", "u", "v", "v", "v", "w"],
        still=[4, 4, 4, 4, 5, 4],
        calm=["s", "s", "s", "s", "t", "t"],
    )
    coding = learned(data, train=[0, 1, 2])
    assert coding.columns == (
        Numeric("a", 2, True, False),
        Category("c", "u", ("v",), ("w",)),
    )
    assert coding.left_out == (
        ("still", "constant in the training rows (4)"),
        ("calm", "constant in the training rows (s)"),
    )
    assert np.array_equal(coding.design(data)[3:], [[1000, 1], [1000.5, 1], [2, 0]])
    assert coding.scales[0] == pytest.approx(np.sqrt(2 / 3), rel=1e-15)


def test_nothing_left_to_predict_from(tmp_path):
    with pytest.raises(DataError, match="no column can be a feature; id: integers distinct"):
        learned(table(tmp_path, y=Y, id=range(6)))
    with pytest.raises(DataError, match="'y' is the only column"):
        learned(table(tmp_path, y=Y))


def test_numbers_too_large_to_square(tmp_path):
    with pytest.raises(DataError, match="numbers in column 'a' are too large"):
        learned(table(tmp_path, y=Y, a=[1e200, 0, 0, 0, 0, 0]))


# ---------------------------------------------------------------- new data


@pytest.fixture
def coding(tmp_path):
    return learned(table(tmp_path, y=Y, a=[1, 2, 2, 3, 4.5, 5], c=["u", "v", "u", "w", "u", "v"]))


def test_new_table_may_have_other_columns_in_another_order(tmp_path, coding):
    new = table(tmp_path, "new.csv", extra=["?"] * 2, c=["w", "u"], a=[None, 9])
    assert np.array_equal(coding.design(new), [[2.5, 0, 1], [9, 0, 0]])


def test_new_column_without_any_number_is_filled(tmp_path, coding):
    new = table(tmp_path, "new.csv", c=["w", "u"], a=[None, None])
    assert np.array_equal(coding.design(new)[:, 0], [2.5, 2.5])


def test_levels_are_compared_as_text_even_if_they_look_like_numbers(tmp_path):
    with pytest.warns(UserWarning, match="'c' holds numbers, but also 'x'"):
        coding = learned(table(tmp_path, y=Y, c=["1", "2", "1", "x", "2", "1"]))
    new = table(tmp_path, "new.csv", c=["2", "1"])
    assert np.array_equal(coding.design(new), [[1, 0], [0, 0]])


def test_missing_columns_are_named(tmp_path, coding):
    with pytest.raises(DataError, match=r"new.csv: the model needs column 'c'; the file has C, a"):
        coding.design(table(tmp_path, "new.csv", C=["u"], a=[1]))


def test_text_in_a_numeric_column_is_named(tmp_path, coding):
    new = table(tmp_path, "new.csv", c=["u", "u"], a=[1, "many"])
    with pytest.raises(DataError, match="'a' must hold numbers, found 'many' in data row 2"):
        coding.design(new)
    new = table(tmp_path, "new.csv", c=["u", "u"], a=[1, "inf"])
    with pytest.raises(DataError, match="'a' holds an infinite number in data row 2"):
        coding.design(new)


@pytest.mark.parametrize(("level", "shown"), [("z", "z"), (None, "(missing)")])
def test_unseen_levels_are_an_error_or_the_reference(tmp_path, coding, level, shown):
    new = table(tmp_path, "new.csv", c=["v", level, level], a=[1, 2, 3])
    with pytest.raises(DataError) as caught:
        coding.design(new)
    assert f"column 'c' holds '{shown}' (first in data row 2)" in str(caught.value)
    with pytest.warns(UserWarning, match="2 rows taken as 'u'"):
        design = coding.design(new, unseen="ignore")
    assert np.array_equal(design[:, 1:], [[1, 0], [0, 0], [0, 0]])


def test_levels_only_in_held_out_rows_are_known(tmp_path):
    data = table(tmp_path, y=Y, c=["u", "u", "v", "v", "v", "w"])
    coding = learned(data, train=range(5))
    assert coding.columns == (Category("c", "v", ("u",), ("w",)),)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(coding.design(data).ravel(), [1, 1, 0, 0, 0, 0])


# ---------------------------------------------------------------- a coding is a value


def test_round_trip_through_json(tmp_path):
    data = table(tmp_path, y=Y, a=[1, None, 2, 6, 2.5, 3], c=["v", None, "u", "v", "w", None])
    coding = learned(data, train=range(5))
    again = Coding.from_dict(json.loads(json.dumps(coding.to_dict(), allow_nan=False)))
    assert again == coding
    assert np.array_equal(again.design(data), coding.design(data))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.pop("columns"),
        lambda data: data.update(columns=3),
        lambda data: data["columns"][0].update(kind="pickle"),
        lambda data: data["columns"][0].update(median="1"),
        lambda data: data["columns"][0].update(median=10**400),
        lambda data: data["columns"][0].update(indicator=1),
        lambda data: data["columns"][0].update(extra=1),
        lambda data: data["columns"][0].pop("name"),
        lambda data: data["columns"][1].update(levels=[1, 2]),
        lambda data: data["columns"][1].update(levels=None),
        lambda data: data["columns"][1].update(reference=["u"]),
        lambda data: data["columns"][1].update(name=None),
        lambda data: data.update(scales=[1.0]),
        lambda data: data["scales"].__setitem__(0, None),
        lambda data: data.update(left_out=[["a"]]),
    ],
)
def test_damaged_descriptions_are_refused(coding, damage):
    data = json.loads(json.dumps(coding.to_dict()))
    damage(data)
    with pytest.raises(ValueError, match="coding is damaged"):
        Coding.from_dict(data)


# ---------------------------------------------------------------- choices


def chosen(data, **texts):
    return learned(data, choices=Choices.read(data, "y", **texts))


def test_columns_can_be_dropped_kept_and_made_categories(tmp_path):
    data = table(
        tmp_path,
        y=Y,
        id=range(6),
        who=list("abcdef"),
        one=[7] * 6,
        word=["x"] * 6,
        k=[1, 2, 1, 2, 3, None],
    )
    names = ["id", "who", "one", "word"]
    assert [name for name, _ in learned(data).left_out] == names
    coding = chosen(data, keep=["id,who", "one", "word"], categorical=["k"], drop=[])
    assert coding.left_out == ()
    assert coding.columns == (
        Numeric("id", 2.5, True, False),
        Category("who", "a", tuple("bcdef"), ()),
        Numeric("one", 7, True, False),
        Category("word", "x", (), ()),
        Category("k", "1", ("2", "3", None), ()),
    )
    assert coding.penalty_scales[coding.features.index("one")] == 1
    assert Coding.from_dict(json.loads(json.dumps(coding.to_dict()))) == coding
    assert len(coding.design(data)[0]) == len(coding.features) == 10
    coding = chosen(data, drop=["k"], keep=["who"])
    assert [name for name, _ in coding.left_out] == ["id", "one", "word", "k"]
    assert coding.left_out[-1] == ("k", "by wish (--drop)")


def test_reference_levels_can_be_chosen(tmp_path):
    data = table(tmp_path, y=Y, c=["v", None, "u", "v", "w=1", None], **{"d=e": ["p", "q=r"] * 3})
    coding = chosen(data, references=["c=w=1", "d=e=q=r"])
    assert coding.columns == (
        Category("c", "w=1", ("u", "v", None), ()),
        Category("d=e", "q=r", ("p",), ()),
    )
    assert chosen(data, references=["c=(missing)"]).columns[0].reference is None
    rows = np.arange(6)
    with pytest.raises(DataError, match="'c' has no level 'w=1' in the rows to fit; its levels"):
        learn(data, "y", rows, rows[:4], choices=Choices(references={"c": "w=1"}))


@pytest.mark.parametrize(
    ("texts", "match"),
    [
        ({"drop": ["aa"]}, "--drop: .*data.csv: no column 'aa'; did you mean 'a'"),
        ({"keep": ["a,zz"]}, "--keep: .* no column 'zz'"),
        ({"drop": ["y"]}, "--drop: 'y' is the target"),
        ({"references": ["y=1"]}, "--reference: 'y' is the target"),
        ({"drop": ["a"], "keep": ["a"]}, "--keep: 'a' is left out by --drop"),
        ({"drop": ["c"], "references": ["c=u"]}, "--reference: 'c' is left out by --drop"),
        ({"references": ["c"]}, "--reference c: wanted is COLUMN=LEVEL; .* the columns y, a, c"),
        ({"references": ["x=u"]}, "--reference x=u: wanted is COLUMN=LEVEL"),
        ({"references": ["c=z"]}, r"'c' has no level 'z' in the rows to fit; its levels are u, v"),
        ({"references": ["a=1"]}, "'a' is numeric and has no levels; --categorical a makes it"),
        ({"keep": ["none"]}, "--keep: .*column 'none' cannot be used: no values"),
        ({"drop": ["a", "c"]}, r"no column can be a feature; a: by wish \(--drop\)"),
    ],
)
def test_choices_that_cannot_be_met(tmp_path, texts, match):
    data = table(tmp_path, y=Y, a=[1, 2, 2, 1, 5, 2], c=list("uvuvuu"), none=[None] * 6)
    with pytest.raises(DataError, match=match):
        chosen(data, **texts)


def test_column_name_with_a_comma(tmp_path):
    data = table(tmp_path, y=Y, c=list("uvuvuu"), **{'"a,b"': [1, 2, 2, 1, 5, 2]})
    assert data.names == ["y", "c", "a,b"]
    assert chosen(data, drop=["a,b"]).left_out[0][0] == "a,b"


# ---------------------------------------------------------------- what deserves a warning


def test_numbers_among_which_texts_are_found(tmp_path):
    cells = [*range(20), "?", "?", "n/a", None]
    data = table(tmp_path, y=[0, 1] * 12, a=cells, b=[0, 1, 2, 3] * 6)
    with pytest.warns(UserWarning) as caught:
        learned(data)
    assert [str(item.message).partition(": ")[2] for item in caught] == [
        "column 'a' holds numbers, but also '?', 'n/a' (in 3 of 23 cells, first in data row 21), "
        "and is taken as text; --na '?' would make such cells missing, --categorical a says that "
        "levels are meant"
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chosen(data, categorical=["a"])  # it says so
        words = table(tmp_path, y=Y, a=["1", "u", "u", "u", "2", "1"])
        learned(words)  # half of it is text


def test_decimal_commas_taken_as_text(tmp_path):
    data = table(tmp_path, y=Y, a=["1,5", "2", "2", "2", "1,5", None], b=["1,2,3"] * 5 + ["4"])
    with pytest.warns(UserWarning, match="column 'a' holds numbers with a decimal comma") as caught:
        learned(data)
    assert len(caught) == 1


def test_decimal_points_where_commas_were_announced(tmp_path):
    data = table(tmp_path, y=Y, a=["1.5", "2", "2", "2", "1.5", None], b=["u", "1.5"] * 3)
    data.decimal = ","
    with pytest.warns(
        UserWarning, match="column 'a' holds numbers with a point.*--decimal"
    ) as caught:
        learned(data)
    assert len(caught) == 1


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            ["1,234", "52,345", "7", "1,234,567.5", None, "7"],
            "numbers with commas between thousands ('1,234'), and is taken as text; take the "
            "commas out, or, if they are decimal commas, --decimal , reads them as such",
        ),
        (
            ["$5", "+$1,234.50", "7", "€ 3", "3 ¥", None],
            "numbers with a sign of percent or currency ('$5'), and is taken as text; take the "
            "signs out, or --categorical a says that levels are meant",
        ),
        (
            ["26.0%", "3 %", "-1%", "26.0%", None, "3 %"],
            "numbers with a sign of percent or currency ('-1%'), and is taken as text; take the "
            "signs out, or --categorical a says that levels are meant",
        ),
    ],
)
def test_numbers_written_otherwise(tmp_path, cells, message):
    data = table(tmp_path, y=Y, a=cells, b=[1, 1, 1, 2, 2, 2])
    with pytest.warns(UserWarning) as caught:
        learned(data)
    assert [str(item.message).partition(": column 'a' holds ")[2] for item in caught] == [message]


@pytest.mark.parametrize("cells", [["1.2.3", "1.2.4"], ["$", "%"], ["a,b", "1,234"], ["5$x", "$5"]])
def test_texts_that_are_no_numbers(tmp_path, cells):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learned(table(tmp_path, y=Y, a=cells * 3))


@pytest.mark.parametrize("day", ["01/15/2024", "15.1.2024", "2024/01/15", "1-15-2024"])
def test_dates_of_other_customs(tmp_path, day):
    with pytest.raises(DataError, match=f"column 'a' holds dates .'{day}'"):
        learned(table(tmp_path, y=Y, a=[day, None, day] * 2))


def test_whole_numbers_beyond_those_of_a_float(tmp_path):
    top = 2**64 - 1
    data = table(
        tmp_path, y=Y, a=[top, top - 1, top, 0, 5, 0], b=[top - k for k in range(6)],
        c=[top, top, top - 1, top, top, top], d=[top] * 6, e=[2**53] * 3 + [0] * 3,
    )  # fmt: skip
    with pytest.warns(UserWarning) as caught:
        coding = learned(data)
    assert [str(item.message).partition(": ")[2] for item in caught] == [
        "column 'a' holds whole numbers beyond 2^53 (1.84e+19), rounded to 16 digits; "
        "--categorical a says that levels are meant, --drop a leaves it out"
    ]
    assert coding.features == ["a", "e"]
    assert dict(coding.left_out) == {
        "b": "integers distinct in every row",
        "c": "whole numbers beyond 2^53 that no float tells apart (1.8446744073709552e+19)",
        "d": "constant (1.84467e+19)",
    }


@pytest.mark.parametrize(
    ("columns", "both", "name"),
    [
        (
            {"a=v": [1, 2, 3, 4, 5, 5], "a": list("uuvuvu")},
            "column 'a=v' and level 'v' of column 'a'",
            "a=v",
        ),
        (
            {"a": ["u", "(missing)", None, "u", "u", "u"]},
            "level '(missing)' of column 'a' and the missing cells of column 'a'",
            "a=(missing)",
        ),
        (
            {"a": [1, None, 2, 6, 2.5, 3], "a=(missing)": [1, 1, 1, 2, 2, 2]},
            "the missing cells of column 'a' and column 'a=(missing)'",
            "a=(missing)",
        ),
        (
            {"a": ["u", "v=w", "v=w", "u", "u", "u"], "a=v": list("uwwuuu")},
            "level 'v=w' of column 'a' and level 'w' of column 'a=v'",
            "a=v=w",
        ),
    ],
)
def test_features_of_one_name(tmp_path, columns, both, name):
    message = re.escape(f"{both} would both be the feature {name!r}; rename one")
    with pytest.raises(DataError, match=f"data.csv: {message}"):
        learned(table(tmp_path, y=Y, **columns))
    pandas = pytest.importorskip("pandas")
    with pytest.raises(DataError, match=f"X: {message}"):
        fastgd.fit(pandas.DataFrame(columns), Y, l2=1.0, missing="impute")


def test_levels_that_memory_has_no_room_for(tmp_path, monkeypatch):
    data = table(tmp_path, y=Y, a=list("uvwuvw"), b=list("ststst"), c=[1, 1, 1, 2, 2, 2])
    coding = learned(data)
    with monkeypatch.context() as patch:
        patch.setattr(np, "empty", lambda *args, **options: np.zeros(2**58))
        with pytest.raises(
            MemoryError, match=r"6 rows of 4 features take .* GiB, 2 of them from 'a' .--drop a"
        ):
            coding.design(data)


def test_dates(tmp_path):
    """No levels, unless they are asked for; where there are too many, said to be dates."""
    days = ["2024-02-29", "2024-03-01 12:30", "2024-02-29", None] * 4
    data = table(tmp_path, y=[0, 1] * 8, a=days, b=[day and f"{day}?" for day in days])
    with pytest.raises(DataError, match=r"'a' holds dates \('2024-02-29'\).*--drop a"):
        learned(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chosen(data, categorical=["a"])
        assert learned(table(tmp_path, y=[0, 1], a=days[1:3], b=[1.5, 2])).left_out == (
            ("a", "dates with 2 levels in 2 rows (over half)"),
        )


def test_copies_of_the_target(tmp_path):
    n = 1200
    y = [i % 3 for i in range(n)]
    late = [*y[:-1], 0]  # the last is 2
    data = table(
        tmp_path,
        y=[f"class {k}" for k in y],
        number=[10 - k for k in y],
        text=["pqr"[k] for k in y],
        late=late,
        coarse=[min(k, 1) for k in y],
        gaps=[None if i == 5 else k for i, k in enumerate(y)],
        finer=["s" if i == 0 else "pqr"[k] for i, k in enumerate(y)],
    )
    target = targets.read_target(data, "y")
    assert copies(data, learned(data), target) == ["number", "text"]
    soft = table(tmp_path, y=[0.5, 0.25] * 3, a=[0.5, 0.25] * 3, b=[1, 2] * 3)
    assert copies(soft, learned(soft), targets.read_target(soft, "y")) == ["a"]


def test_unseen_levels_of_parts_of_a_table_are_said_once(tmp_path, coding):
    new = table(tmp_path, "new.csv", c=["z", "u", "w", "z"], a=[1, 2, 3, 4])
    parts = [
        tables.Table("new.csv", {n: new.text(n)[i : i + 2] for n in "ac"}, start=i) for i in (0, 2)
    ]
    said = []
    for part in parts:
        with pytest.warns(UnseenLevelWarning) as caught:
            coding.design(part, unseen="ignore")
        said.append(caught[0].message)
    assert str(said[0] + said[1]) == (
        "new.csv: column 'c' holds 'z' (first in data row 1), not seen when the model was fitted; "
        "2 rows taken as 'u', the reference level"
    )
