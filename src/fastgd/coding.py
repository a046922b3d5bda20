"""Code the columns of a table to a design matrix.

`learn` looks at a table and returns a `Coding`: which columns become features, the median that
fills missing numbers, the level each category is compared with, the scale of every feature, and
which columns were left out and why. A coding is a plain value: it can be saved, and `Coding.design`
applies it to new tables. Nothing here knows about fitting.
"""

import warnings
from dataclasses import asdict, dataclass, field

import numpy as np

from .errors import DataError
from .tables import cut, encode, listed, meant, pyarrow

MAX_LEVELS = 1000
MAX_ODD = 20  # texts among numbers: a column with more of them is text
SHOWN_MISSING = "(missing)"
DROPPED = "by wish (--drop)"

_NUMBER = r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$"
_DATE = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?(Z|[+-][0-9:]+)?$"
)
_DAY = r"^([0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4}|[0-9]{4}[/.][0-9]{1,2}[/.][0-9]{1,2})$"
_THOUSANDS = r"^[+-]?[0-9]{1,3}(,[0-9]{3})+([.][0-9]*)?$"
_SIGN = "[%$€£¥]"
_WITH_SIGN = r"^[+-]?[$€£¥]? ?[+-]?[0-9][0-9.,]* ?[%$€£¥]?$"
_COMMA_NUMBER = r"^[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?$"


class UnseenLevelError(DataError):
    """A category holds a level that the coding does not know."""


class UnseenLevelWarning(UserWarning):
    """Levels that the coding does not know were taken as the reference level.

    Attributes
    ----------
    source, column : str
    levels : list of str
    row : int
        The first of them, counted from 1.
    n_rows : int
    taken : str
        The reference level.
    """

    def __init__(self, source, column, levels, row, n_rows, taken):
        super().__init__(source, column, levels, row, n_rows, taken)
        self.source, self.column, self.levels = source, column, levels
        self.row, self.n_rows, self.taken = row, n_rows, taken

    def __str__(self):
        count = "1 row" if self.n_rows == 1 else f"{self.n_rows} rows"
        return (
            f"{_unseen(self.source, self.column, self.levels, self.row)}; "
            f"{count} taken as {self.taken!r}, the reference level"
        )

    def __add__(self, later):
        """The same of two parts of a table, this one first."""
        levels = list(dict.fromkeys([*self.levels, *later.levels]))
        rows = self.n_rows + later.n_rows
        return UnseenLevelWarning(self.source, self.column, levels, self.row, rows, self.taken)


def _unseen(source, column, levels, row):
    return (
        f"{source}: column {column!r} holds {listed([repr(level) for level in levels])} "
        f"(first in data row {row}), not seen when the model was fitted"
    )


def shown_level(level):
    """Return a level as text; missing cells are a level of their own."""
    return SHOWN_MISSING if level is None else level


@dataclass(frozen=True)
class Numeric:
    """A numeric column: its value, its missing cells filled, or an indicator of those, or both."""

    name: str
    median: float | None  # None: missing cells are not filled, but refused by whoever fits
    value: bool  # False if the training rows hold one value only, beside missing cells
    indicator: bool  # True if the training rows have missing cells

    @property
    def features(self):
        return [self.name] * self.value + [f"{self.name}={SHOWN_MISSING}"] * self.indicator

    def code(self, table, rows, unseen):
        parsed = table.values(self.name)
        if parsed is None:
            found = table.first_text(self.name)
            if found:
                raise DataError(
                    f"{table.source}: column {self.name!r} must hold numbers, "
                    f"found {cut(repr(found[1]))} in data row {found[0]}"
                )
            values = np.full(table.n_rows, np.nan)
        else:
            values = parsed[0]
        values = values[rows]
        if self.median is None:
            yield values
            return
        missing = np.isnan(values)
        if self.value:
            yield np.where(missing, self.median, values)
        if self.indicator:
            yield missing


@dataclass(frozen=True)
class Category:
    """A column of levels (None: missing), each compared with the reference level."""

    name: str
    reference: str | None
    levels: tuple  # those that have a feature, sorted, missing last
    without_feature: tuple  # known but absent from the training rows: coded as the reference

    @property
    def features(self):
        return [f"{self.name}={shown_level(level)}" for level in self.levels]

    def code(self, table, rows, unseen):
        found, codes = table.encoded(self.name)
        known = {*self.levels, self.reference, *self.without_feature}
        strange = [i for i, level in enumerate(found) if level not in known]
        if strange:
            cells = np.flatnonzero(np.isin(codes, strange))
            levels = [shown_level(found[i]) for i in strange]
            what = table.source, self.name, levels, table.row(cells[0])
            if unseen == "error":
                raise UnseenLevelError(_unseen(*what))
            taken = shown_level(self.reference)
            warnings.warn(UnseenLevelWarning(*what, len(cells), taken), stacklevel=2)
        codes = codes[rows]
        place = {level: i for i, level in enumerate(found)}
        for level in self.levels:
            yield codes == place.get(level, -1)


@dataclass(frozen=True)
class Coding:
    """How the columns of a table become the features of a model.

    Attributes
    ----------
    columns : tuple of Numeric and Category
    scales : tuple of float
        The standard deviation of each feature over the training rows; empty, as the next, where
        nobody asked for it.
    penalty_scales : tuple of float
        The scale on which each feature is penalised: that standard deviation for the value of a
        numeric column, 1 for 0/1 features (and for all features without standardising).
    left_out : tuple of (str, str)
        Column and reason.
    """

    columns: tuple
    scales: tuple
    penalty_scales: tuple
    left_out: tuple

    @property
    def features(self):
        """The names of the features, in order."""
        return [name for column in self.columns for name in column.features]

    def design(self, table, rows=None, *, unseen="error", dtype=float):
        """Return the design matrix of `table`.

        Parameters
        ----------
        table : Table or frames.Frame
            Must have the coded columns, by name; others are ignored.
        rows : ndarray of int, optional
            The rows wanted, default all.
        unseen : {"error", "ignore"}
            What to do with a level that the coding does not know; ignored, it counts as the
            reference level, with a warning.

        Returns
        -------
        ndarray, shape (rows, features), of `dtype`, Fortran order

        Raises
        ------
        fastgd.DataError
            For missing columns, unseen levels, and cells that should be numbers and are not.
        """
        absent = [column.name for column in self.columns if column.name not in table.names]
        if absent:
            hint = meant(absent, table.names)
            raise DataError(
                f"{table.source}: the model needs {'column' if len(absent) == 1 else 'columns'} "
                f"{listed([repr(name) for name in absent])}; the file has {listed(table.names, 20)}"
                f"{'; ' if hint else ''}{hint}"
            )
        count = table.n_rows if rows is None else len(rows)
        rows = slice(None) if rows is None else rows  # all of them, without a copy
        matrix = self._empty(count, dtype)
        j = 0
        for column in self.columns:
            for feature in column.code(table, rows, unseen):
                matrix[:, j] = feature
                j += 1
        return matrix

    def _empty(self, count, dtype):
        try:
            return np.empty((count, len(self.features)), dtype, order="F")
        except MemoryError:
            size = count * len(self.features) * np.dtype(dtype).itemsize / 2**30
            widths = {c.name: len(c.levels) for c in self.columns if isinstance(c, Category)}
            name = max(widths, key=widths.get, default=None)
            one = f", {widths[name]} of them from {name!r} (--drop {name})" if name else ""
            raise MemoryError(
                f"{count} rows of {len(self.features)} features take {size:.3g} GiB{one}"
            ) from None

    def to_dict(self):
        """Return the coding as a dict that JSON can hold."""
        kinds = {Numeric: "numeric", Category: "category"}
        return {
            "columns": [{"kind": kinds[type(item)], **asdict(item)} for item in self.columns],
            "scales": list(self.scales),
            "penalty_scales": list(self.penalty_scales),
            "left_out": [list(item) for item in self.left_out],
        }

    @classmethod
    def from_dict(cls, data):
        """Return the coding that `to_dict` described; ValueError if it is malformed."""
        try:
            columns = tuple(_column_from_dict(dict(item)) for item in data["columns"])
            scales = tuple(_real(item) for item in data["scales"])
            penalty_scales = tuple(_real(item) for item in data["penalty_scales"])
            left_out = tuple((_string(name), _string(why)) for name, why in data["left_out"])
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ValueError(f"the model's table coding is damaged: {error!r}") from None
        coding = cls(columns, scales, penalty_scales, left_out)
        if not len(scales) == len(penalty_scales) or len(scales) not in (0, len(coding.features)):
            raise ValueError("the model's table coding is damaged: scales do not match features")
        return coding


def _column_from_dict(item):
    kind = item.pop("kind")
    if kind == "numeric":
        column = Numeric(**item)
        _string(column.name), _real(0.0 if column.median is None else column.median)
        if not (type(column.value) is bool and type(column.indicator) is bool):
            raise ValueError("value and indicator must be booleans")
        return column
    if kind == "category":
        item["levels"] = tuple(item["levels"])
        item["without_feature"] = tuple(item["without_feature"])
        column = Category(**item)
        for level in (column.reference, *column.levels, *column.without_feature):
            _string(shown_level(level))
        _string(column.name)
        return column
    raise ValueError(f"unknown kind {kind!r}")


def _string(value):
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _real(value):
    if type(value) not in (int, float):
        raise TypeError(f"{value!r} is no number")
    return float(value)


# ---------------------------------------------------------------- learning


@dataclass(frozen=True)
class Choices:
    """What is to be done with single columns, where that is not left to `learn`.

    Attributes
    ----------
    drop, keep, categorical : tuple of str
        Columns to leave out, to use although `learn` would leave them out, to take as categories
        although they hold numbers.
    references : dict of str to str or None
        The level that the others of a column are compared with; None is that of missing cells.
    """

    drop: tuple = ()
    keep: tuple = ()
    categorical: tuple = ()
    references: dict = field(default_factory=dict)

    @classmethod
    def read(cls, table, target, *, drop=(), keep=(), categorical=(), references=()):
        """Find the columns that texts mean.

        Parameters
        ----------
        table : Table
        target : str
        drop, keep, categorical : sequence of str
            Each the name of a column, or several joined by commas.
        references : sequence of str
            Each ``COLUMN=LEVEL``; ``(missing)`` is the level of missing cells.

        Raises
        ------
        fastgd.DataError
            If there is no such column, or two wishes contradict each other.
        """
        named = {
            option: tuple(name for text in texts for name in _columns(table, option, text))
            for option, texts in (("drop", drop), ("keep", keep), ("categorical", categorical))
        }
        chosen = {}
        for text in references:
            parts = text.split("=")
            splits = [("=".join(parts[:i]), "=".join(parts[i:])) for i in range(1, len(parts))]
            known = [pair for pair in splits if pair[0] in table.names]
            if not known:
                raise DataError(
                    f"--reference {text}: wanted is COLUMN=LEVEL; "
                    f"{table.source} has the columns {listed(table.names, 20)}"
                )
            name, level = known[0]
            chosen[name] = None if level == SHOWN_MISSING else level
        named["reference"] = tuple(chosen)
        for option, names in named.items():
            if target in names:
                raise DataError(f"--{option}: {target!r} is the target")
            both = [name for name in names if option != "drop" and name in named["drop"]]
            if both:
                raise DataError(f"--{option}: {both[0]!r} is left out by --drop")
        return cls(named["drop"], named["keep"], named["categorical"], chosen)


def _columns(table, option, text):
    """Return the columns that a text names: one, or several joined by commas."""
    names = [text] if text in table.names else [part.strip() for part in text.split(",")]
    for name in names:
        if name not in table.names:
            raise DataError(f"--{option}: {table.absent(name)}")
    return names


def learn(table, target, rows, train, *, standardize=True, choices=None):
    """Learn how to code every column of `table` but the target.

    What a column is, and whether it can be a feature, is judged on `rows`; levels without a
    training row, medians, references and scales come from the training rows alone. A column of
    almost only numbers, which is therefore a category, is a UserWarning.

    Parameters
    ----------
    table : Table
    target : str
        The column left aside.
    rows : ndarray of int
        The rows in use (those with a target).
    train : ndarray of int
        The training rows, among `rows`.
    standardize : bool
        Whether numeric columns are to be penalised per standard deviation.
    choices : Choices, optional

    Returns
    -------
    Coding

    Raises
    ------
    fastgd.DataError
        If no column can be a feature, two features would have one name, the numbers in a column
        are infinite or too large, one holds dates or nested values, or a choice cannot be met.
    """
    choices = choices or Choices()
    if len(table.names) == 1:
        raise DataError(f"{table.source}: {target!r} is the only column; nothing to predict from")
    columns, left_out = [], []
    for name in table.names:
        if name in choices.drop:
            left_out.append((name, DROPPED))
        elif name != target:
            column = _learn_column(table, name, rows, train, choices)
            if isinstance(column, str):
                left_out.append((name, column))
            else:
                columns.append(column)
    if not any(column.features for column in columns):
        reasons = "".join(f"; {name}: {why}" for name, why in left_out[:5])
        raise DataError(f"{table.source}: no column can be a feature{reasons}")
    refuse_twins(columns, table.source)
    scales, penalty_scales = [], []
    for column in columns:
        for name, feature in zip(column.features, column.code(table, train, "error"), strict=True):
            with np.errstate(over="ignore", invalid="ignore"):
                scale = float(np.std(feature))
            if not np.isfinite(scale * scale):
                raise DataError(
                    f"{table.source}: the numbers in column {column.name!r} are too large"
                )
            scales.append(scale)
            numeric = isinstance(column, Numeric) and name == column.name
            # a constant that was kept has no scale
            penalty_scales.append(scale if numeric and standardize and scale else 1.0)
    return Coding(tuple(columns), tuple(scales), tuple(penalty_scales), tuple(left_out))


def refuse_twins(columns, source):
    """Refuse coded columns whose features would have one name: a DataError that says which."""
    makers = {}
    for column in columns:
        for feature, maker in zip(column.features, _makers(column), strict=True):
            if feature in makers:
                raise DataError(
                    f"{source}: {makers[feature]} and {maker} would both be the feature "
                    f"{feature!r}; rename one"
                )
            makers[feature] = maker


def _makers(column):
    """What each feature of a column stands for, in words."""
    name, gaps = f"column {column.name!r}", f"the missing cells of column {column.name!r}"
    if isinstance(column, Numeric):
        return [name] * column.value + [gaps] * column.indicator
    return [gaps if level is None else f"level {level!r} of {name}" for level in column.levels]


def _learn_column(table, name, rows, train, choices):
    """Return the coding of a column, or the reason to leave it out."""
    keep = name in choices.keep
    parsed = None if name in choices.categorical else table.numbers(name)
    if parsed is not None:
        if name in choices.references:
            raise DataError(
                f"--reference: {table.source}: column {name!r} is numeric and has no levels; "
                f"--categorical {name} makes it a category"
            )
        column = _learn_numeric(table, name, *parsed, rows, train, keep)
    else:
        column = _learn_category(table, name, rows, train, choices)
    if isinstance(column, str) and keep:
        raise DataError(f"--keep: {table.source}: column {name!r} cannot be used: {column}")
    return column


def _learn_category(table, name, rows, train, choices):
    keep = name in choices.keep
    levels, codes = encode(table.text(name))
    counts = np.bincount(codes[rows], minlength=len(levels))
    text = [i for i, level in enumerate(levels) if level is not None and counts[i]]
    if not text:
        return "no values"
    if name not in choices.categorical:
        _warn_of_numbers(table, name, levels, codes)
    asked = keep or name in choices.categorical
    dates = not asked and _are_dates([levels[i] for i in text])
    if not keep:
        if len(text) == 1 and counts.sum() == counts[text[0]]:
            return f"constant ({levels[text[0]]})"
        what = "dates" if dates else "text"
        if len(text) > MAX_LEVELS:
            return f"{what} with {len(text)} levels (over {MAX_LEVELS})"
        if 2 * len(text) > len(rows):
            return f"{what} with {len(text)} levels in {len(rows)} rows (over half)"
    trained = np.bincount(codes[train], minlength=len(levels))
    present = [i for i in range(len(levels)) if trained[i]]
    if len(present) == 1 and not keep:
        return f"constant in the training rows ({shown_level(levels[present[0]])})"
    reference = max(present, key=lambda i: (trained[i], -i))  # the first of equals
    if name in choices.references:
        wanted = choices.references[name]
        if wanted not in (levels[i] for i in present):
            shown = listed([shown_level(levels[i]) for i in present], 10)
            raise DataError(
                f"--reference: {table.source}: column {name!r} has no level "
                f"{shown_level(wanted)!r} in the rows to fit; its levels are {shown}"
            )
        reference = levels.index(wanted)
    if dates:  # a Parquet file that says so is refused as well
        raise DataError(
            f"{table.source}: column {name!r} holds dates ({levels[text[0]]!r}); convert it to "
            f"numbers, or leave it out (--drop {name}); --categorical {name} says that levels are "
            "meant"
        )
    return Category(
        name,
        levels[reference],
        tuple(levels[i] for i in present if i != reference),
        tuple(levels[i] for i in range(len(levels)) if counts[i] and not trained[i]),
    )


def _learn_numeric(table, name, values, integers, rows, train, keep):
    used = values[rows]
    missing = np.isnan(used)
    if missing.all():
        return "no values"
    low, high = np.nanmin(used), np.nanmax(used)
    if integers and not keep and not missing.any() and table.distinct(name, rows) == used.size > 1:
        return "integers distinct in every row"
    beyond = integers and max(-low, high) > 2**53
    if low == high and not missing.any() and not keep:
        if beyond and table.distinct(name, rows) > 1:
            return f"whole numbers beyond 2^53 that no float tells apart ({low:.17g})"
        return f"constant ({low:g})"
    if beyond:
        warnings.warn(
            f"{table.source}: column {name!r} holds whole numbers beyond 2^53 "
            f"({max(-low, high):.3g}), rounded to 16 digits; --categorical {name} says that levels "
            f"are meant, --drop {name} leaves it out",
            stacklevel=2,
        )
    trained = values[train]
    missing = np.isnan(trained)
    if missing.all():
        return "no values in the training rows"
    trained = trained[~missing]
    varies = bool(trained.min() != trained.max())
    if not varies and not missing.any() and not keep:
        return f"constant in the training rows ({trained[0]:g})"
    return Numeric(name, float(np.median(trained)), varies or keep, bool(missing.any()))


def _warn_of_numbers(table, name, levels, codes):
    """Warn of a category that was perhaps meant to be numeric."""
    pa = pyarrow()
    known = pa.array([level for level in levels if level is not None], pa.large_string())
    counts = np.bincount(codes, minlength=len(levels))[: len(known)]
    where = f"{table.source}: column {name!r}"
    written = _written_otherwise(known, name, table.decimal)
    if written:
        what, advice = written
        warnings.warn(f"{where} holds {what}, and is taken as text; {advice}", stacklevel=2)
        return
    if table.decimal != ".":
        known = pa.compute.replace_substring(known, table.decimal, ".")
    numeric = pa.compute.match_substring_regex(known, _NUMBER).to_numpy(zero_copy_only=False)
    odd = np.flatnonzero(~numeric)
    if 0 < odd.size <= MAX_ODD and 2 * counts[odd].sum() < counts.sum():
        odd = odd[np.argsort(-counts[odd], kind="stable")]  # the most frequent first
        first = table.row(np.flatnonzero(np.isin(codes, odd))[0])
        shown = [cut(repr(levels[i])) for i in odd]
        warnings.warn(
            f"{where} holds numbers, but also {listed(shown, 3)} (in {counts[odd].sum()} of "
            f"{counts.sum()} cells, first in data row {first}), and is taken as text; "
            f"--na {shown[0]} would make such cells missing, "
            f"--categorical {name} says that levels are meant",
            stacklevel=2,
        )


def _written_otherwise(known, name, decimal):
    """Return how all of these texts write numbers, if not as the table does, and what to do."""
    pa = pyarrow()

    def match(cells, pattern):
        return pa.compute.match_substring_regex(cells, pattern)

    def example(marked):
        return cut(repr(known[pa.compute.index(marked, True).as_py()].as_py()))

    def whole(*marks):
        """Return whether each text has one of these, and some the first."""
        either = marks[0]
        for mark in marks[1:]:
            either = pa.compute.or_(either, mark)
        return pa.compute.all(either).as_py() and pa.compute.any(marks[0]).as_py()

    plain = match(known, _NUMBER)
    signs = pa.compute.and_(match(known, _WITH_SIGN), match(known, _SIGN))
    if whole(signs, match(known, _WITH_SIGN)):
        return (
            f"numbers with a sign of percent or currency ({example(signs)})",
            f"take the signs out, or --categorical {name} says that levels are meant",
        )
    if decimal != ".":
        if not whole(plain) or not pa.compute.any(match(known, "[.]")).as_py():
            return None
        return (
            "numbers with a point",
            f"--decimal {decimal} was given: without it they are numbers with a decimal point",
        )
    grouped = match(known, _THOUSANDS)
    if whole(grouped, plain):
        return (
            f"numbers with commas between thousands ({example(grouped)})",
            "take the commas out, or, if they are decimal commas, --decimal , reads them as such",
        )
    points = match(pa.compute.replace_substring(known, ",", "."), _NUMBER)
    if whole(pa.compute.and_(match(known, _COMMA_NUMBER), points), points):
        return "numbers with a decimal comma", "--decimal , reads them as numbers"
    return None


def _are_dates(levels):
    """Whether all are; mostly the first one tells."""
    pa = pyarrow()
    for some in levels[:1], levels:
        cells = pa.array(some, pa.large_string())
        dates = pa.compute.match_substring_regex(cells, f"{_DATE}|{_DAY}")
        if pa.compute.all(dates, min_count=1).as_py() is not True:
            return False
    return True


def copies(table, coding, target):
    """Return the coded columns that say the same as the target, in every row that has one.

    Parameters
    ----------
    table : Table
    coding : Coding
    target : Target

    Returns
    -------
    list of str
    """
    found = []
    for column in coding.columns:
        parsed = table.numbers(column.name)
        rows = target.rows
        for part in rows[:500], rows:  # most columns are told from a few rows
            if parsed is not None:
                values = parsed[0][part]
            else:
                values = encode(table.text(column.name).take(pyarrow().array(part)))[1]
            if not _same(values, target.values[part], target.classes is None):
                break
        else:
            found.append(column.name)
    return found


def _same(values, labels, soft):
    """Whether two columns are the same but for the names of what they hold."""
    if soft:
        return np.array_equal(values, labels)
    kinds, first, codes = np.unique(labels, return_index=True, return_inverse=True)
    shown = values[first]
    return len(np.unique(shown)) == len(kinds) and np.array_equal(values, shown[codes])
