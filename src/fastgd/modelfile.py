"""Model files: named arrays and a JSON header in the safetensors layout.

A file is an 8-byte little-endian header length, a JSON header, and the raw arrays. The header maps
each array's name to its ``dtype``, ``shape`` and ``data_offsets``; its ``__metadata__`` entry holds
strings only, as safetensors wants: ``format`` (``"fastgd"``), ``format_version``, ``crc32``, and
``fastgd``, the metadata as JSON text. Any safetensors reader can therefore open a model.

``crc32`` is the CRC-32 of the whole file, taken with its own eight digits as zeros: without it a
flipped bit in a coefficient would be another model that nobody could tell from the right one. It
guards against accidents, not against people: who can write the file can write its checksum. Format
1 had none, and is still read.

Reading trusts nothing: every size is checked against the size of the file before anything is
allocated, and nothing in a file is ever executed.
"""

import json
import math
import os
import re
import zlib

import numpy as np

from .errors import DataError
from .writing import replace_file

FORMAT = "fastgd"
FORMAT_VERSION = 2

_MAX_HEADER = 100_000_000  # the limit of safetensors
_NO_CRC = "0" * 8  # what stands in the file while the checksum is taken
_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}
_CODES = {np.dtype(text).newbyteorder("="): code for code, text in _DTYPES.items()}


def write(path, metadata, arrays):
    """Write a model file; the file appears whole or not at all.

    Parameters
    ----------
    path : str or path-like
        Where to write; an existing file is replaced.
    metadata : dict
        Anything JSON can hold, with string keys; infinities and NaN too.
    arrays : dict of str to ndarray
        Arrays of numbers or bools, of any shape; not of complex or of extended precision.

    Raises
    ------
    ValueError
        If an array's dtype, a name, or a value in `metadata` cannot be stored.
    OSError
        If the file cannot be written.
    """
    try:
        text = json.dumps(_without_special_floats(metadata), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"metadata: cannot be stored as JSON: {error}") from None
    header = {
        "__metadata__": {
            "format": FORMAT,
            "format_version": str(FORMAT_VERSION),
            "crc32": _NO_CRC,
            "fastgd": text,
        }
    }
    chunks = []
    start = 0
    for name, array in arrays.items():
        if not isinstance(name, str) or name == "__metadata__":
            raise ValueError(f"arrays: {name!r} is not a usable array name")
        array = np.asarray(array)
        code = _CODES.get(array.dtype.newbyteorder("="))
        if code is None:
            raise ValueError(
                f"arrays[{name!r}]: dtype {array.dtype} cannot be stored (only "
                + ", ".join(str(np.dtype(text)) for text in _DTYPES.values())
                + ")"
            )
        data = array.astype(_DTYPES[code], copy=False).tobytes()
        header[name] = {
            "dtype": code,
            "shape": list(array.shape),
            "data_offsets": [start, start + len(data)],
        }
        chunks.append(data)
        start += len(data)
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)  # keeps the arrays aligned
    if len(head) > _MAX_HEADER:
        raise ValueError(f"metadata: {len(head)} bytes are too many (at most {_MAX_HEADER})")
    replace_file(path, sealed([len(head).to_bytes(8, "little"), head, *chunks]))


def sealed(chunks):
    """The chunks of a file, length and header first, with the checksum set.

    Parameters
    ----------
    chunks : list of bytes
        ``[length, header, *arrays]``; the header's ``crc32`` is eight zeros.

    Returns
    -------
    list of bytes
    """
    length, head, *arrays = chunks
    crc = zlib.crc32(head, zlib.crc32(length))
    for data in arrays:
        crc = zlib.crc32(data, crc)
    return [length, head.replace(_crc_field(_NO_CRC), _crc_field(f"{crc:08x}"), 1), *arrays]


def read(path):
    """Read a model file, checking all of it.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    metadata : dict
    arrays : dict of str to ndarray
        Fresh, writable arrays in native byte order.

    Raises
    ------
    DataError
        A ``ValueError`` that names the file, if it is no model file, is damaged, or was written in
        a newer format.
    OSError
        If the file cannot be read.
    """
    name = os.fspath(path)
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        head, header = _read_header(file, size, name)
        metadata, stated = _checked_metadata(header.pop("__metadata__", None), name)
        layout = _checked_layout(header, size - 8 - len(head), name)
        if stated is not None:
            head = head.replace(_crc_field(stated), _crc_field(_NO_CRC), 1)
        crc = zlib.crc32(head, zlib.crc32(len(head).to_bytes(8, "little")))
        arrays = {}
        for key, dtype, shape, nbytes in layout:
            data = file.read(nbytes)
            if len(data) != nbytes:
                raise _damaged(name, f"array {key!r} is cut short")
            crc = zlib.crc32(data, crc)
            if dtype == "|b1" and any(byte > 1 for byte in set(data)):
                raise _damaged(name, f"array {key!r} holds bytes that are no booleans")
            array = np.frombuffer(data, dtype=dtype).reshape(shape)
            arrays[key] = array.astype(array.dtype.newbyteorder("="))
    if stated is not None and stated != f"{crc:08x}":
        raise _damaged(name, f"its checksum should be {crc:08x} and is {stated}")
    return metadata, arrays


def _crc_field(digits):
    return f'"crc32":"{digits}"'.encode()


def _without_special_floats(value):
    """Replace infinities and NaN, which JSON lacks, by ``{"float": "inf"}`` and the like."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(float(value))}
    if isinstance(value, dict):
        return {key: _without_special_floats(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_special_floats(item) for item in value]
    return value


def _damaged(name, what):
    return DataError(f"{name}: not a fastgd model, or damaged: {what}")


def _read_header(file, size, name):
    if size < 8:
        raise _damaged(name, f"only {size} bytes")
    start = file.read(8)
    if start.isascii() and 0 not in start:  # which would be quite a length
        raise _damaged(name, f"it begins like text, with {start.decode()!r}")
    length = int.from_bytes(start, "little")
    if length > min(size - 8, _MAX_HEADER):
        raise _damaged(name, f"a header of {length} bytes is claimed in a file of {size}")
    head = file.read(length)
    header = _parse_json(head, name, "header")
    if not isinstance(header, dict):
        raise _damaged(name, "the header is no JSON object")
    return head, header


def _parse_json(data, name, what):
    def refuse(text):
        raise ValueError(f"the number {text} is not allowed")

    def finite(text):
        value = float(text)
        return value if math.isfinite(value) else refuse(text)

    def unique(pairs):
        result = dict(pairs)
        if len(result) != len(pairs):
            raise ValueError("a key appears twice")
        if list(result) == ["float"] and result["float"] in ("inf", "-inf", "nan"):
            return float(result["float"])
        return result

    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        return json.loads(text, parse_constant=refuse, parse_float=finite, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise _damaged(name, f"{what}: {error}") from None


def _checked_metadata(entry, name):
    """Return the metadata, and the checksum that the file states; None in format 1."""
    if not isinstance(entry, dict) or entry.get("format") != FORMAT:
        raise _damaged(name, "the header does not say that fastgd wrote it")
    version = entry.get("format_version")
    if not (isinstance(version, str) and version.isascii() and version.isdigit()):
        raise _damaged(name, f"format_version is {version!r:.40}")
    if version not in ("1", str(FORMAT_VERSION)):
        raise DataError(
            f"{name}: model format {version[:20]}, but this fastgd reads formats up to "
            f"{FORMAT_VERSION}; install a newer fastgd"
        )
    crc = entry.get("crc32") if version != "1" else None
    if version != "1" and not (isinstance(crc, str) and re.fullmatch("[0-9a-f]{8}", crc)):
        raise _damaged(name, f"crc32 is {crc!r:.40}, not eight hexadecimal digits")
    text = entry.get("fastgd")
    if not isinstance(text, str):
        raise _damaged(name, "the metadata are missing")
    metadata = _parse_json(text, name, "metadata")
    if not isinstance(metadata, dict):
        raise _damaged(name, "the metadata are no JSON object")
    return metadata, crc


def _checked_layout(header, available, name):
    """Return (name, dtype, shape, bytes) in file order; the arrays must fill the file exactly."""
    spans = []
    for key, entry in header.items():
        if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
            raise _damaged(name, f"array {key!r} is not described by dtype, shape, data_offsets")
        code, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
        if not isinstance(code, str) or code not in _DTYPES:
            raise _damaged(name, f"array {key!r} has unknown dtype {code!r}")
        if not _sizes(shape) or len(shape) > 8 or math.prod(filter(None, shape)) >= 2**48:
            raise _damaged(name, f"array {key!r} has an impossible shape")
        if not _sizes(offsets) or len(offsets) != 2:
            raise _damaged(name, f"array {key!r} has impossible data_offsets")
        start, stop = offsets
        dtype = _DTYPES[code]
        if stop > available:
            raise _damaged(name, f"array {key!r} is cut short")
        if stop - start != math.prod(shape) * np.dtype(dtype).itemsize:
            raise _damaged(name, f"array {key!r}: shape and data_offsets do not agree")
        spans.append((start, stop, key, dtype, shape))
    spans.sort(key=lambda span: span[:2])
    end = 0
    for start, stop, key, _, _ in spans:
        if start != end:
            raise _damaged(name, f"array {key!r} overlaps another or leaves a gap")
        end = stop
    if end != available:
        raise _damaged(name, f"{available - end} bytes belong to no array")
    return [(key, dtype, shape, stop - start) for start, stop, key, dtype, shape in spans]


def _sizes(value):
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)
