"""Models out of files: what was saved comes back, a result or an estimator."""

import os

from . import modelfile
from .errors import DataError
from .result import FitResult


def load(path):
    """Read a model that ``save`` wrote: a fit, or an estimator.

    The file holds numbers and text only, and nothing in it is executed. An estimator comes back
    with its parameters and the attributes of its fit (scikit-learn must be installed). Of a model
    that ``fastgd fit --save`` wrote the fit is returned: it takes frames with the file's columns.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    FitResult, LogisticRegression or LogisticRegressionCV
        Of the kind that was saved. It predicts the same bits.

    Raises
    ------
    DataError
        A ``ValueError`` that names the file: it is damaged (its checksum is compared), is no
        model, or was written in a newer format.
    OSError
        If it cannot be read.
    ImportError
        For an estimator, if scikit-learn is not installed.

    Examples
    --------
    >>> import fastgd, os, tempfile
    >>> fit = fastgd.fit([[0.5], [1.0], [1.5], [2.0]], [0, 1, 0, 1], l2=0.1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fit.save(os.path.join(folder, "model"))
    ...     again = fastgd.load(os.path.join(folder, "model"))
    >>> bool((again.coef == fit.coef).all())
    True
    """
    meta, arrays = modelfile.read(path)
    kind = meta.get("kind")
    if kind not in ("fit", "estimator"):
        raise DataError(f"{os.fspath(path)} holds no fit and no estimator, but {kind!r:.40}")
    if kind == "fit":
        build = FitResult.from_parts
    else:
        from .estimators import from_parts as build  # needs scikit-learn
    try:
        return build(meta, arrays)
    except ValueError as error:
        raise DataError(f"{os.fspath(path)} holds a damaged {kind}: {error}") from None
