"""The proof that a cost has no minimum, and what follows from it."""

import numpy as np

LIMIT = 1e-7  # a margin that a direction of separation moves by less does not move
MOVED = 1e-6  # nor does it move a column, beside its strongest


def _told_apart(lines):
    """Return the numbers of the rows of `lines` that differ from the value most of them share."""
    near = MOVED * np.abs(lines).max()
    same = [np.flatnonzero(np.abs(lines - line).max(axis=1) <= near) for line in lines]
    sizes = np.array([len(s) for s in same])
    most = sizes.max()
    shared = (sizes == most).sum() == most > 1  # one such group
    return [k for k in range(len(lines)) if not (shared and sizes[k] == most)]


class Separation:
    """The proof that the cost has no minimum: directions along which it falls for ever.

    Moving the coefficients along ``direction[k]`` and the intercept along ``intercept[k]`` raises
    the margins of ``rows[k]`` rows on the side of their label, by at most 1 for each unit, and
    leaves those of all rows not counted in ``rows[:k + 1]`` as they are.

    With more than two classes it raises the margin of a row's label over that of some other
    classes, which are excluded there in the limit, and leaves the label level with all classes
    that are neither excluded by it nor by ``direction[:k]``. ``rows[k]`` counts the rows where no
    class was excluded before.

    Attributes
    ----------
    direction : ndarray of shape (stages, d), or (stages, K, d)
        In the units of the columns as given.
    intercept : ndarray of shape (stages,), or (stages, K)
    rows : ndarray of int, shape (stages,)
    columns : list of lists of int
        For each stage the columns that the direction moves, the strongest (per standard deviation)
        first.
    classes : list of lists of int
        For each stage the classes, by number, that the direction tells apart from the others: those
        whose lines differ from the line that most classes share. Empty for two classes.
    """

    __slots__ = ("classes", "columns", "direction", "intercept", "rows")

    def __init__(self, direction, intercept, rows, columns, classes):
        self.direction, self.intercept, self.rows = direction, intercept, rows
        self.columns, self.classes = columns, classes

    @classmethod
    def from_core(cls, directions, intercepts, rows):
        """From the core's two forms of each direction, of shape (stages, 2, d) or (.., K, d)."""
        columns, classes = [], []
        for lines, b in zip(directions[:, 1], intercepts[:, 1], strict=True):
            standard = np.abs(lines).reshape(-1, lines.shape[-1]).max(axis=0)
            moved = np.flatnonzero(standard > MOVED * standard.max(initial=0.0))
            columns.append([int(j) for j in moved[np.argsort(-standard[moved], kind="stable")]])
            classes.append(_told_apart(np.column_stack([lines, b])) if lines.ndim == 2 else [])
        rows = np.array(rows)
        return cls(directions[:, 0].copy(), intercepts[:, 0].copy(), rows, columns, classes)

    @staticmethod
    def limit(t, z, undecided):
        """Carry margins `z`, (n,) or (n, K), to infinity where the margins `t` of a direction
        tell apart what is `undecided` so far; all three are as `z`, the last two change."""
        if z.ndim == 1:
            moved = undecided & (np.abs(t) > LIMIT)
            z[moved] = np.copysign(np.inf, t[moved])
            undecided &= ~moved
        else:
            best = np.where(undecided, t, -np.inf).max(axis=1, keepdims=True)
            undecided &= t >= best - LIMIT
            z[~undecided] = -np.inf

    def signs(self, at=0):
        """Where each parameter goes, seen from class number `at`: the sign of its infinity, or 0.

        Returns
        -------
        ndarray of shape (1, d + 1), or (K - 1, d + 1)
            A line for each other class, the intercept last.
        """
        found = 0.0
        stages = zip(self.direction, self.intercept, self.columns, strict=True)
        for w, b, columns in stages:
            lines = np.column_stack([np.atleast_2d(w), np.atleast_1d(b)])
            if len(lines) == 1:  # of two classes: the margin of the second over the first
                lines = np.vstack([np.zeros_like(lines), lines])
            near = MOVED * np.abs(lines).max(axis=0)
            near[-1] = MOVED  # a direction moves margins by up to 1
            step = np.delete(lines, at, axis=0) - lines[at]
            step = np.where(np.abs(step) > near, np.sign(step), 0)
            still = np.setdiff1d(np.arange(len(near) - 1), columns)
            step[:, still] = 0
            found = np.where(found == 0, step, found)  # the first direction outruns the others
        return found

    def __repr__(self):
        return f"Separation({self.rows.sum()} rows, columns {self.columns})"
