"""Targets: the column to predict as classes or soft labels, and the rows held out for scoring."""

import re
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from .errors import DataError
from .tables import cut, encode, listed

MAX_CLASSES = 1000

_EXACT = 2.0**53  # whole numbers below this are float64
_WHOLE = re.compile("[+-]?[0-9]{1,100}")


@dataclass(frozen=True)
class Target:
    """A target: classes 0 .. K - 1, or probabilities of a class (soft labels).

    Attributes
    ----------
    name : str
    classes : tuple of str, or None for soft labels
        In sorted order, but of two the second is the positive class.
    values : ndarray of float64
        For each row of the table the number of its class, or the probability; NaN where missing.
    """

    name: str
    classes: tuple | None
    values: np.ndarray

    @property
    def rows(self):
        """The rows whose target is not missing."""
        return np.flatnonzero(~np.isnan(self.values))

    def counts(self, rows):
        """Return how many of these rows each class has; of soft labels the sums of both sides."""
        values = self.values[rows]
        if self.classes is None:
            positive = float(values.sum())
            return [len(values) - positive, positive]
        return np.bincount(values.astype(np.intp), minlength=len(self.classes)).tolist()


def read_target(table, name, positive=None):
    """Read a target column.

    Distinct texts or whole numbers are classes, in sorted order (numbers by value); of two the
    second is positive. Fractions within [0, 1] are soft labels.

    Parameters
    ----------
    table : Table
    name : str
    positive : str, optional
        Which of two classes is the positive one.

    Raises
    ------
    fastgd.DataError
        If the column is absent, has one class only, too many, or other numbers; if `positive` is
        not one of two classes.
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
            if not (low >= 0 and high <= 1):
                raise DataError(
                    f"{where} holds numbers from {low:g} to {high:g}, with fractions; wanted are "
                    "classes (texts or whole numbers), or probabilities within [0, 1]"
                )
            if positive is not None:
                raise DataError(
                    f"{where} holds probabilities; a positive class cannot be chosen (--positive)"
                )
            return Target(name, None, parsed[0])
        if max(-low, high) < _EXACT:
            levels, codes = np.unique(numbers, return_inverse=True)
            levels = [f"{level:.17g}" for level in levels]
        else:  # two whole numbers may be the same float64
            found, codes = encode(cells.drop_null())
            names = [_as_number(text, table.decimal) for text in found]
            levels = sorted(set(names), key=Decimal)
            places = {level: k for k, level in enumerate(levels)}
            codes = np.array([places[name] for name in names])[codes]
    _check_classes(where, levels, len(codes))
    if positive is not None:
        if len(levels) > 2:
            raise DataError(
                f"{where} has {len(levels)} classes ({listed(levels)}); "
                "--positive is for targets of two"
            )
        if positive not in levels:
            raise DataError(
                f"{where} has no class {positive!r} (--positive); it has {listed(levels)}"
            )
        if positive == levels[0]:
            levels, codes = levels[::-1], 1 - codes
    values = np.full(len(cells), np.nan)
    values[present] = codes
    return Target(name, tuple(levels), values)


def _check_classes(where, levels, n_rows):
    count = len(levels)
    if not count:
        raise DataError(f"{where} has no values")
    if count == 1:
        raise DataError(f"{where} has one class only ({levels[0]}); two are needed")
    if count > MAX_CLASSES or (count > 2 and 2 * count > n_rows):
        raise DataError(
            f"{where} has {count} different values in {n_rows} rows ({listed(levels)}); "
            f"wanted are classes, at most {MAX_CLASSES} and on average in two rows or more each"
        )


def read_labels(table, name, classes):
    """Read the target column of rows to be scored with a model.

    Parameters
    ----------
    table : Table
    name : str
    classes : sequence of str, or None for soft labels
        Those of the model.

    Returns
    -------
    Target
        With these classes; some may have no row.

    Raises
    ------
    fastgd.DataError
        If the column is absent or holds something else; the row is named.
    """
    where = f"{table.source}: target {name!r}"
    if classes is None:
        cells, parsed = table.text(name), table.numbers(name)
        if parsed is None and cells.null_count == len(cells):
            return Target(name, None, np.full(table.n_rows, np.nan))
        if parsed is None:
            row, cell = table.first_text(name)
            cell = cut(repr(cell))
            raise DataError(f"{where} must hold probabilities, found {cell} in data row {row}")
        outside = np.flatnonzero((parsed[0] < 0) | (parsed[0] > 1))
        if outside.size:
            raise DataError(
                f"{where} must hold probabilities, found {parsed[0][outside[0]]:g} "
                f"in data row {table.row(outside[0])}"
            )
        return Target(name, None, parsed[0])
    levels, codes = encode(table.text(name))
    places = {label: k for k, label in enumerate(classes)}
    found = np.full(len(levels), np.nan)
    strange = []
    for i, level in enumerate(levels):
        if level is not None:
            k = places.get(level, places.get(_as_number(level, table.decimal)))
            if k is None:
                strange.append(i)
            else:
                found[i] = k
    if strange:
        first = np.flatnonzero(np.isin(codes, strange))[0]
        raise DataError(
            f"{where} holds {listed([repr(levels[i]) for i in strange])} (first in data row "
            f"{table.row(first)}), not among the classes of the model ({listed(classes)})"
        )
    return Target(name, tuple(classes), found[codes])


def _as_number(level, decimal):
    """Return a level as `read_target` would write it if its column were numeric."""
    if _WHOLE.fullmatch(level):
        return str(int(level))
    try:
        return f"{float(level.replace(decimal, '.')):.17g}"
    except ValueError:
        return level


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
    groups = target.values[rows] if target.classes else target.values[rows] >= 0.5
    order = np.argsort(groups, kind="stable")
    for members in np.split(rows[order], np.flatnonzero(np.diff(groups[order])) + 1):
        count = min(int(test_size * len(members) + 0.5), max(len(members) - 1, 0))
        held_out[members[np.argsort(keys[members], kind="stable")[:count]]] = True
    return rows[~held_out[rows]], np.flatnonzero(held_out)
