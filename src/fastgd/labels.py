"""Labels of classes as JSON, and back without loss."""

import re

import numpy as np

_MOST_LABELS = 2**26  # bytes that the labels of a model may take


def labels_to_json(labels):
    """Labels as a list and the text of their dtype, from which `labels_from_json` makes them.

    Parameters
    ----------
    labels : ndarray of shape (k,)
        Strings, numbers or bools, or an array of such objects.

    Raises
    ------
    ValueError
        If they cannot be told without loss.
    """
    if labels.dtype.kind == "S":
        raise ValueError(
            f"labels are bytes (dtype {labels.dtype}), which cannot be stored: fit the model on "
            "texts, np.char.decode(y), or on numbers"
        )
    values, dtype = labels.tolist(), labels.dtype.newbyteorder("<").str
    try:
        back = labels_from_json(values, dtype)
    except ValueError as error:
        raise ValueError(f"labels of dtype {labels.dtype} cannot be stored: {error}") from None
    if back.tolist() != values:
        raise ValueError(f"labels of dtype {labels.dtype} cannot be stored without loss")
    return values, dtype


def labels_from_json(values, dtype):
    """Labels as they were before `labels_to_json`; nothing is allocated before it is checked.

    Raises
    ------
    ValueError
        If this is no list of labels of that kind, or labels are equal.
    """
    kinds = {
        "b": {bool}, "i": {int}, "u": {int}, "f": {int, float}, "U": {str},
        "O": {str, int, float, bool, type(None)},
    }  # fmt: skip
    try:
        plain = isinstance(dtype, str) and re.fullmatch(r"[<>|][biufUO]\d{0,10}", dtype)
        dtype = np.dtype(dtype) if plain else None
        good = (
            isinstance(values, list)
            and {type(value) for value in values} <= kinds[dtype.kind]
            and len(set(values)) == len(values)
            and dtype.itemsize * len(values) <= _MOST_LABELS
        )
        labels = np.array(values, dtype=dtype).astype(dtype.newbyteorder("=")) if good else None
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError, SyntaxError):
        labels = None
    if labels is None or labels.ndim != 1:
        raise ValueError("classes or names are no list of different labels of one kind")
    return labels
