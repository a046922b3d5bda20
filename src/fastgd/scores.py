"""Scores of predictions: log loss, accuracy, area under the ROC curve, confusion counts.

Arrays in, numbers out. Margins may be infinite, as those of a separated model are.
"""

import math

import numpy as np


def log_loss(y, z):
    """Mean negative log-likelihood, from margins, so that no probability is rounded to 0 or 1.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Numbers of classes, or for two classes the probability of the second.
    z : ndarray of shape (n,), or (n, K)
        Margins of the second of two classes, or of each class.

    Returns
    -------
    float
        In nats.
    """
    if z.ndim == 2:
        highest = z.max(axis=1)
        total = highest + np.log(np.exp(z - highest[:, None]).sum(axis=1))
        return float(np.mean(total - z[np.arange(len(y)), y.astype(np.intp)]))
    with np.errstate(invalid="ignore"):  # 0 times infinity, which counts as 0
        upper = np.where(y > 0, y * np.logaddexp(0, -z), 0)
        lower = np.where(y < 1, (1 - y) * np.logaddexp(0, z), 0)
    return float(np.mean(upper + lower))


def accuracy(y, predicted):
    """Share of the rows whose class is the predicted one."""
    return float(np.mean(y == predicted))


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
    above, below = z[positive], z[~positive]
    if not len(above) or not len(below):
        return None
    above.sort()
    below.sort()
    # twice the pairs that are ranked rightly, as whole numbers
    won = sum(int(np.searchsorted(below, above, side).sum()) for side in ("left", "right"))
    return won / (2 * len(above) * len(below))


def confusion(y, predicted, n_classes):
    """Count rows by their class and the predicted one.

    Returns
    -------
    ndarray of int, shape (K, K)
        Row: the class; column: the predicted class.
    """
    cells = y.astype(np.intp) * n_classes + predicted
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def score(y, z, p, classes):
    """Score a model's predictions.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Numbers of classes, or soft labels.
    z : ndarray of shape (n,), or (n, K)
        Margins.
    p : ndarray of shape (n, K)
        Probabilities.
    classes : sequence of str, or None for soft labels

    Returns
    -------
    dict
        ``log_loss``; of classes ``accuracy`` and ``roc_auc`` too, which for more than two classes
        is the mean over the classes of one class against the rest, without those that have no
        row.
    """
    found = {"log_loss": log_loss(y, z)}
    if classes is not None:
        found["accuracy"] = accuracy(y, p.argmax(axis=1))
        if z.ndim == 1:
            found["roc_auc"] = roc_auc(y == 1, z)
        else:
            areas = [roc_auc(y == k, p[:, k]) for k in range(len(classes))]
            areas = [area for area in areas if area is not None]
            found["roc_auc"] = float(np.mean(areas)) if areas else None
    return found


def held_out(y, z, p, classes, trained):
    """Score a model beside what needs no features: the majority class and the null model.

    Parameters
    ----------
    y, z, p, classes
        As for `score`.
    trained : sequence of numbers
        How many rows of each class the model was fitted on (soft labels: the sums of both sides).

    Returns
    -------
    dict
        ``rows``; ``model`` and ``null_model``, as from `score`; and of classes ``majority_class``,
        ``classes`` and ``confusion`` (counts: a list for each class, by prediction).
    """
    shares = np.asarray(trained, dtype=float) / sum(trained)
    outcome = {"rows": len(y), "model": score(y, z, p, classes)}
    with np.errstate(divide="ignore"):  # a class without a row among those fitted
        null = np.log(shares)
    if classes is None:
        outcome["null_model"] = {"log_loss": log_loss(y, np.full(len(y), null[1] - null[0]))}
        return outcome
    majority = int(shares.argmax())
    share = accuracy(y, majority)
    null_loss = log_loss(y, np.broadcast_to(null, (len(y), len(null))))
    outcome["null_model"] = {"log_loss": null_loss, "accuracy": share, "roc_auc": 0.5}
    outcome["majority_class"] = {
        "label": classes[majority],
        "accuracy": share,
        "log_loss": 0.0 if share == 1 else math.inf,
        "roc_auc": 0.5,
    }
    outcome["classes"] = list(classes)
    outcome["confusion"] = confusion(y, p.argmax(axis=1), len(classes)).tolist()
    return outcome
