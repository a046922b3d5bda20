"""Code the columns of a table to a design matrix.

`learn` looks at a table and returns a `Coding`: which columns become features, the median that
fills missing numbers, the level each category is compared with, the scale of every feature, and
which columns were left out and why. A coding is a plain value: it can be saved, and `Coding.design`
applies it to new tables. Nothing here knows about fitting.
"""

import warnings
from dataclasses import asdict, dataclass

import numpy as np

from .errors import DataError
from .tables import encode, listed

MAX_LEVELS = 1000
SHOWN_MISSING = "(missing)"


class UnseenLevelError(DataError):
    """A category holds a level that the coding does not know."""


def shown_level(level):
    """Return a level as text; missing cells are a level of their own."""
    return SHOWN_MISSING if level is None else level


@dataclass(frozen=True)
class Numeric:
    """A numeric column: its value, its missing cells filled, or an indicator of those, or both."""

    name: str
    median: float
    value: bool  # False if the training rows hold one value only, beside missing cells
    indicator: bool  # True if the training rows have missing cells

    @property
    def features(self):
        return [self.name] * self.value + [f"{self.name}={SHOWN_MISSING}"] * self.indicator

    def code(self, table, rows, unseen):
        parsed = table.numbers(self.name)
        if parsed is None:
            found = table.first_text(self.name)
            if found:
                raise DataError(
                    f"{table.source}: column {self.name!r} must hold numbers, "
                    f"found {found[1]!r} in data row {found[0] + 1}"
                )
            values = np.full(table.n_rows, np.nan)
        else:
            values = parsed[0]
        values = values[rows]
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
        found, codes = encode(table.text(self.name))
        known = {*self.levels, self.reference, *self.without_feature}
        strange = [i for i, level in enumerate(found) if level not in known]
        if strange:
            cells = np.flatnonzero(np.isin(codes, strange))
            text = (
                f"{table.source}: column {self.name!r} holds "
                f"{listed([repr(shown_level(found[i])) for i in strange])} "
                f"(first in data row {cells[0] + 1}), not seen when the model was fitted"
            )
            if unseen == "error":
                raise UnseenLevelError(text)
            count = "1 row" if len(cells) == 1 else f"{len(cells)} rows"
            taken = f"{count} taken as {shown_level(self.reference)!r}, the reference level"
            warnings.warn(f"{text}; {taken}", stacklevel=2)
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
        The standard deviation of each feature over the training rows.
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

    def design(self, table, rows=None, *, unseen="error"):
        """Return the design matrix of `table`.

        Parameters
        ----------
        table : Table
            Must have the coded columns, by name; others are ignored.
        rows : ndarray of int, optional
            The rows wanted, default all.
        unseen : {"error", "ignore"}
            What to do with a level that the coding does not know; ignored, it counts as the
            reference level, with a warning.

        Returns
        -------
        ndarray, shape (rows, features), float64, Fortran order

        Raises
        ------
        fastgd.DataError
            For missing columns, unseen levels, and cells that should be numbers and are not.
        """
        absent = [column.name for column in self.columns if column.name not in table.names]
        if absent:
            raise DataError(
                f"{table.source}: the model needs {'column' if len(absent) == 1 else 'columns'} "
                f"{listed([repr(name) for name in absent])}; the file has {listed(table.names, 20)}"
            )
        rows = np.arange(table.n_rows) if rows is None else rows
        matrix = np.empty((len(rows), len(self.features)), order="F")
        j = 0
        for column in self.columns:
            for feature in column.code(table, rows, unseen):
                matrix[:, j] = feature
                j += 1
        return matrix

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
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"the model's table coding is damaged: {error!r}") from None
        coding = cls(columns, scales, penalty_scales, left_out)
        if not len(scales) == len(penalty_scales) == len(coding.features):
            raise ValueError("the model's table coding is damaged: scales do not match features")
        return coding


def _column_from_dict(item):
    kind = item.pop("kind")
    if kind == "numeric":
        column = Numeric(**item)
        _string(column.name), _real(column.median)
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


def learn(table, target, rows, train, *, standardize=True):
    """Learn how to code every column of `table` but the target.

    What a column is, and whether it can be a feature, is judged on `rows`; levels without a
    training row, medians, references and scales come from the training rows alone.

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

    Returns
    -------
    Coding

    Raises
    ------
    fastgd.DataError
        If no column can be a feature, or the numbers in one are infinite or too large.
    """
    if len(table.names) == 1:
        raise DataError(f"{table.source}: {target!r} is the only column; nothing to predict from")
    columns, left_out = [], []
    for name in table.names:
        if name != target:
            column = _learn_column(table, name, rows, train)
            if isinstance(column, str):
                left_out.append((name, column))
            else:
                columns.append(column)
    if not columns:
        reasons = "".join(f"; {name}: {why}" for name, why in left_out[:5])
        raise DataError(f"{table.source}: no column can be a feature{reasons}")
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
            penalty_scales.append(scale if numeric and standardize else 1.0)
    return Coding(tuple(columns), tuple(scales), tuple(penalty_scales), tuple(left_out))


def _learn_column(table, name, rows, train):
    """Return the coding of a column, or the reason to leave it out."""
    parsed = table.numbers(name)
    if parsed is not None:
        values, integers = parsed
        return _learn_numeric(name, values, integers, rows, train)
    levels, codes = encode(table.text(name))
    counts = np.bincount(codes[rows], minlength=len(levels))
    text = [i for i, level in enumerate(levels) if level is not None and counts[i]]
    if not text:
        return "no values"
    if len(text) == 1 and counts.sum() == counts[text[0]]:
        return f"constant ({levels[text[0]]})"
    if len(text) > MAX_LEVELS:
        return f"text with {len(text)} levels (over {MAX_LEVELS})"
    if 2 * len(text) > len(rows):
        return f"text with {len(text)} levels in {len(rows)} rows (over half)"
    trained = np.bincount(codes[train], minlength=len(levels))
    present = [i for i in range(len(levels)) if trained[i]]
    if len(present) == 1:
        return f"constant in the training rows ({shown_level(levels[present[0]])})"
    reference = max(present, key=lambda i: (trained[i], -i))  # the first of equals
    return Category(
        name,
        levels[reference],
        tuple(levels[i] for i in present if i != reference),
        tuple(levels[i] for i in range(len(levels)) if counts[i] and not trained[i]),
    )


def _learn_numeric(name, values, integers, rows, train):
    used = values[rows]
    missing = np.isnan(used)
    if missing.all():
        return "no values"
    low, high = np.nanmin(used), np.nanmax(used)
    if low == high and not missing.any():
        return f"constant ({low:g})"
    if integers and not missing.any() and np.unique(used).size == used.size:
        return "integers distinct in every row"
    trained = values[train]
    missing = np.isnan(trained)
    if missing.all():
        return "no values in the training rows"
    trained = trained[~missing]
    varies = bool(trained.min() != trained.max())
    if not varies and not missing.any():
        return f"constant in the training rows ({trained[0]:g})"
    return Numeric(name, float(np.median(trained)), varies, bool(missing.any()))
