"""Parameters and attributes of an estimator as JSON and named arrays, and back, without pickle.

Plain values stand for themselves; everything else is an object with one key that says what it is.
"""

import numpy as np

from .labels import labels_from_json, labels_to_json

_PLAIN = (bool, int, float, str, type(None))


def pack(value, key, arrays):
    """Return `value` as JSON can hold it; arrays of numbers are put into `arrays`.

    Parameters
    ----------
    value : object
        A plain value, a NumPy array, or a list, tuple or dict of such.
    key : str
        What the value is called: the name of its array, and in errors.
    arrays : dict of str to ndarray
        Changed: gets what belongs into the file as an array.

    Raises
    ------
    TypeError
        If only pickle could store it.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if type(value) in _PLAIN:
        return value
    if type(value) is np.ndarray:
        if value.dtype.kind in "OSU":
            labels, dtype = labels_to_json(value)
            return {"labels": labels, "dtype": dtype}
        arrays[key] = value
        return {"array": key}
    if type(value) in (list, tuple):
        items = [pack(item, f"{key}.{i}", arrays) for i, item in enumerate(value)]
        return {type(value).__name__: items}
    if type(value) is dict:
        names = [pack(name, f"{key}.name", arrays) for name in value]
        items = [pack(item, f"{key}.{i}", arrays) for i, item in enumerate(value.values())]
        return {"dict": [list(pair) for pair in zip(names, items, strict=True)]}
    raise TypeError(
        f"{key}: a {type(value).__name__} cannot be stored without pickle; a model file holds "
        "numbers, strings, arrays, and lists, tuples and dicts of them"
    )


def unpack(value, arrays):
    """Return what `pack` was given.

    Raises
    ------
    AttributeError, KeyError, RecursionError, TypeError, ValueError
        If `pack` has not made it.
    """
    if type(value) in _PLAIN:
        return value
    if set(value) == {"labels", "dtype"}:
        return labels_from_json(value["labels"], value["dtype"])
    [(kind, items)] = value.items()
    if kind == "array":
        return arrays[items]
    if kind == "dict":
        return {unpack(name, arrays): unpack(item, arrays) for name, item in items}
    return {"list": list, "tuple": tuple}[kind](unpack(item, arrays) for item in items)
