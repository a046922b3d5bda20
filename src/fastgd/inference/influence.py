"""What single rows do to a fit: residuals, leverages, Cook's distances.

They take a summary, known by its attributes.
"""

from typing import NamedTuple

import numpy as np

from .. import _core
from .coordinates import pieces, sliceable
from .rows import check_same, check_size, entropy, labels, margins, rows_of, shares, side, times


class Influence(NamedTuple):
    """What single rows do to a fit: arrays of shape (n,), named as in statsmodels."""

    resid_response: np.ndarray
    resid_pearson: np.ndarray
    resid_deviance: np.ndarray
    hat_matrix_diag: np.ndarray
    cooks_distance: np.ndarray


def influence_of(summary, X, y, sample_weight, offset):
    """`Summary.influence`."""
    if summary.loss == "softmax":
        raise ValueError("influence is for two classes and for squared error")
    X, coordinates = sliceable(X), summary._estimate.coordinates
    n, d = X.shape
    if d != len(coordinates.shift):
        raise ValueError(f"X has {d} columns, but the model was fitted on {len(coordinates.shift)}")
    check_size(n, summary.rows)
    s, _ = shares(sample_weight, n, summary.weights)
    z = margins(summary, X, offset)
    rows = rows_of(summary.loss, summary._classes, summary.reference, y, z, s)
    if summary.loss == "log_loss" and summary._means is not None:  # its estimates are finite
        given = "X, y, sample_weight or offset"
        check_same(given, "the log-likelihood", -rows.loss, summary.llf)
    r, q = rows.residual[:, 0], rows.information[0, 0][0] / summary.scale
    if summary.loss == "squared_error":
        curvature = np.ones(n)
        deviance = s * r * r
    else:
        t, _ = labels(y, summary._classes, n)
        if side(summary.reference, summary._classes) < 0:
            z, t = -z, 1 - t
        curvature = rows.p[:, 0] * _core.sigmoid(-z)
        deviance = times(t, np.logaddexp(0, -z)) + times(1 - t, np.logaddexp(0, z))
        deviance = 2 * s * np.maximum(deviance + entropy(t) + entropy(1 - t), 0)
    leverage = np.empty(n)
    hat = summary._estimate.bread * summary.scale
    for part in pieces(X):
        a = coordinates.piece(X, part)
        leverage[part] = np.einsum("ij,ij->i", a @ hat, a) * q[part]
    with np.errstate(divide="ignore", invalid="ignore"):
        pearson = np.sqrt(s) * r / np.sqrt(curvature)
        most = max(summary.n_params, 1)
        cook = pearson**2 / summary.scale * leverage / (1 - leverage) ** 2 / most
    return Influence(r, pearson, np.sign(r) * np.sqrt(deviance), leverage, cook)
