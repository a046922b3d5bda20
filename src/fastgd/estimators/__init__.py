"""scikit-learn's protocol over `fastgd.fit`: parameters, metadata, attributes, and no numerics.

Names only. Classes say that they live here, whatever file they are in: that is what pickles keep.
"""

try:
    import sklearn  # noqa: F401
except ImportError as error:
    raise ImportError(
        "fastgd.LogisticRegression and fastgd.LogisticRegressionCV need scikit-learn 1.6 or newer: "
        'pip install "fastgd[sklearn]"'
    ) from error

from . import storing
from .crossvalidation import LogisticRegressionCV
from .logistic import LogisticRegression
from .parameters import NARROW, SOLVERS, WIDE
from .solving import EPS, NEVER, ConvergenceWarning, SeparationWarning

__all__ = [
    "EPS",
    "NARROW",
    "NEVER",
    "SOLVERS",
    "WIDE",
    "ConvergenceWarning",
    "LogisticRegression",
    "LogisticRegressionCV",
    "SeparationWarning",
    "from_parts",
]


def from_parts(meta, arrays):
    """The estimator that a model file holds, checked: whatever is returned can predict.

    Parameters
    ----------
    meta : dict
    arrays : dict of str to ndarray
        As `modelfile.read` returns them.

    Returns
    -------
    LogisticRegression or LogisticRegressionCV

    Raises
    ------
    ValueError
        If a part is missing, is impossible, or does not fit the others.
    """
    return storing.from_parts(meta, arrays, (LogisticRegression, LogisticRegressionCV))
