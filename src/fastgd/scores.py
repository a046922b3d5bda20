"""Scores of predictions: log loss, accuracy, area under the ROC curve, confusion counts.

Arrays in, numbers out, all rows at once or batch by batch (`Tally`). Margins may be infinite, as
those of a separated model are.
"""

import math
from array import array

import numpy as np

_AT_ONCE = 1 << 16  # ranks found at a time


def log_losses(y, z):
    """Negative log-likelihoods, from margins, so that no probability is rounded to 0 or 1.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Numbers of classes, or for two classes the probability of the second.
    z : ndarray of shape (n,), or (n, K)
        Margins of the second of two classes, or of each class.

    Returns
    -------
    ndarray of shape (n,)
        In nats.
    """
    if z.ndim == 2:
        highest = z.max(axis=1)
        total = highest + np.log(np.exp(z - highest[:, None]).sum(axis=1))
        return total - z[np.arange(len(y)), y.astype(np.intp)]
    with np.errstate(invalid="ignore"):  # 0 times infinity, which counts as 0
        upper = np.where(y > 0, y * np.logaddexp(0, -z), 0)
        lower = np.where(y < 1, (1 - y) * np.logaddexp(0, z), 0)
    return upper + lower


def roc_auc(positive, z):
    """The chance that a positive row ranks above a negative one; ties count half.

    Parameters
    ----------
    positive : ndarray of bool, shape (n,)
    z : ndarray of shape (n,)
        Anything that grows with the probability of being positive.

    Returns
    -------
    float or None
        None if one of the two kinds is absent.

    References
    ----------
    Hanley and McNeil, Radiology 143 (1982) 29-36: the area as the Wilcoxon statistic.
    """
    return _area(z[positive], z[~positive])


def _area(above, below):
    """`roc_auc` of the scores of the positive rows and of the others, which are sorted in place."""
    if not len(above) or not len(below):
        return None
    above.sort()
    below.sort()
    won = 0  # twice the pairs that are ranked rightly, as a whole number
    for first in range(0, len(above), _AT_ONCE):
        some = above[first : first + _AT_ONCE]
        won += sum(int(np.searchsorted(below, some, side).sum()) for side in ("left", "right"))
    return won / (2 * len(above) * len(below))


class Tally:
    """The scores of a model, its predictions added batch by batch.

    Log loss, accuracy and confusion are counts and sums, which take no memory for a row. The exact
    area under the ROC curve takes the order of all rows, so their scores are kept, those of the
    rows of a class and of the others apart: 8 bytes a row for two classes, 8 a row and class for
    more, none for soft labels.

    Parameters
    ----------
    classes : sequence of str, or None for soft labels
    """

    def __init__(self, classes):
        self.rows = 0
        self._classes = classes
        self._loss = 0.0
        if classes is None:
            self._sides = [0.0, 0.0]  # the weight of both, over the rows
            return
        self._counts = np.zeros((len(classes), len(classes)), np.int64)
        # scores of the rows of a class, and of the others; of two classes only of the second
        kinds = range(1, 2) if len(classes) == 2 else range(len(classes))
        self._ranks = [(k, array("d"), array("d")) for k in kinds]

    def add(self, y, z, p):
        """Add rows.

        Parameters
        ----------
        y : ndarray of shape (n,)
            Numbers of classes, or soft labels.
        z : ndarray of shape (n,), or (n, K)
            Margins.
        p : ndarray of shape (n, K)
            Probabilities.

        Returns
        -------
        Tally
            This one.
        """
        self.rows += len(y)
        self._loss += float(np.sum(log_losses(y, z)))
        if self._classes is None:
            self._sides[0] += float(np.sum(1 - y))
            self._sides[1] += float(np.sum(y))
            return self
        np.add.at(self._counts, (y.astype(np.intp), p.argmax(axis=1)), 1)
        for k, own, others in self._ranks:
            scores = z if z.ndim == 1 else p[:, k]
            own.frombytes(scores[y == k].astype(float).tobytes())
            others.frombytes(scores[y != k].astype(float).tobytes())
        return self

    def scores(self):
        """Return the scores of the rows added so far.

        Returns
        -------
        dict
            ``log_loss``; of classes ``accuracy`` and ``roc_auc`` too, which for more than two
            classes is the mean over the classes of one class against the rest, without those that
            have no row.
        """
        found = {"log_loss": self._loss / self.rows}
        if self._classes is not None:
            found["accuracy"] = int(np.trace(self._counts)) / self.rows
            areas = [
                _area(np.frombuffer(own), np.frombuffer(others)) for _, own, others in self._ranks
            ]
            areas = [area for area in areas if area is not None]
            found["roc_auc"] = float(np.mean(areas)) if areas else None
        return found

    def beside(self, trained):
        """Return the scores beside what needs no features: the majority class and the null model.

        Parameters
        ----------
        trained : sequence of numbers
            How many rows of each class the model was fitted on (soft labels: the sums of both
            sides).

        Returns
        -------
        dict
            ``rows``; ``model`` and ``null_model``, as from `scores`; and of classes
            ``majority_class``, ``classes`` and ``confusion`` (counts: a list for each class, by
            prediction).
        """
        shares = np.asarray(trained, dtype=float) / sum(trained)
        outcome = {"rows": self.rows, "model": self.scores()}
        soft = self._classes is None
        present = np.array(self._sides) if soft else self._counts.sum(axis=1)
        with np.errstate(divide="ignore"):  # a class without a row among those fitted
            losses = -np.log(shares)
        # a class without a row here costs nothing, whatever its share
        null_loss = float(np.sum(present[present > 0] * losses[present > 0])) / self.rows
        outcome["null_model"] = {"log_loss": null_loss}
        if soft:
            return outcome
        majority = int(shares.argmax())
        share = int(present[majority]) / self.rows
        outcome["null_model"] |= {"accuracy": share, "roc_auc": 0.5}
        outcome["majority_class"] = {
            "label": self._classes[majority],
            "accuracy": share,
            "log_loss": 0.0 if share == 1 else math.inf,
            "roc_auc": 0.5,
        }
        outcome["classes"] = list(self._classes)
        outcome["confusion"] = self._counts.tolist()
        return outcome
