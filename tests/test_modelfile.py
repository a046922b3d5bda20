"""Model files: round trips, and refusals of everything damaged or hostile."""

import json
import os

import numpy as np
import pytest

from fastgd import modelfile

METADATA = {"classes": ["B", "M"], "l2": 0.1, "names": ["größe", "x\ny"], "none": None, "n": 3}
ARRAYS = {
    "coef": np.array([0.1, -2.5e300, 5e-324]),
    "intercept": np.array(1.5, dtype=np.float32),
    "counts": np.arange(6, dtype=np.int64).reshape(2, 3),
    "order": np.array([3, 1], dtype=np.int32),
    "flags": np.array([True, False, True]),
    "bytes": np.array([0, 255, 7], dtype=np.uint8),
    "empty": np.zeros((0, 5)),
    **{dtype: np.array([0, 99], dtype) for dtype in ("f2", "i1", "i2", "u2", "u4", "u8")},
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.fgd"
    modelfile.write(path, METADATA, ARRAYS)
    return path


def raw(header, data=b""):
    """The bytes of a file with this header, given as a dict or as text."""
    head = header.encode() if isinstance(header, str) else json.dumps(header).encode()
    return len(head).to_bytes(8, "little") + head + data


def described(metadata="{}", version="1", **arrays):
    return {
        "__metadata__": {"format": "fastgd", "format_version": version, "fastgd": metadata},
        **arrays,
    }


def array(dtype="F64", shape=(1,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def refused(tmp_path, data, match):
    path = tmp_path / "bad.fgd"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=match) as caught:
        modelfile.read(path)
    assert "bad.fgd" in str(caught.value)


def test_round_trip(path):
    metadata, arrays = modelfile.read(path)
    assert metadata == METADATA
    assert list(arrays) == list(ARRAYS)
    for name, expected in ARRAYS.items():
        assert arrays[name].dtype == expected.dtype
        assert arrays[name].shape == expected.shape
        assert arrays[name].tobytes() == expected.tobytes()
        assert arrays[name].flags.writeable


def test_infinities_and_nan_in_metadata(tmp_path):
    modelfile.write(tmp_path / "m", {"a": [np.inf, -np.inf], "b": {"c": np.float64("nan")}}, {})
    metadata, _ = modelfile.read(tmp_path / "m")
    assert metadata["a"] == [np.inf, -np.inf]
    assert np.isnan(metadata["b"]["c"])


def test_foreign_byte_order_and_strides_are_stored_plainly(tmp_path):
    swapped = np.arange(6.0).reshape(2, 3).astype(">f8").T
    modelfile.write(tmp_path / "m", {}, {"a": swapped})
    assert np.array_equal(modelfile.read(tmp_path / "m")[1]["a"], swapped)


def test_layout_is_that_of_safetensors(path):
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    assert (8 + length) % 8 == 0
    header = json.loads(data[8 : 8 + length])
    assert all(isinstance(value, str) for value in header["__metadata__"].values())
    assert header["__metadata__"]["format_version"] == "2"
    start, stop = header["counts"]["data_offsets"]
    assert header["counts"]["dtype"] == "I64"
    stored = np.frombuffer(data[8 + length :][start:stop], "<i8").reshape(2, 3)
    assert np.array_equal(stored, ARRAYS["counts"])


@pytest.mark.parametrize(
    ("metadata", "arrays", "match"),
    [
        ({"x": {1, 2}}, {}, "metadata"),
        ({"x": object()}, {}, "metadata"),
        ({}, {"a": np.array([1j])}, "dtype complex128"),
        ({}, {"a": np.array(["text"])}, "dtype <U4"),
        ({}, {"a": np.array([None])}, "dtype object"),
        ({}, {"__metadata__": np.zeros(1)}, "array name"),
    ],
)
def test_unstorable_values_leave_nothing_behind(tmp_path, metadata, arrays, match):
    with pytest.raises(ValueError, match=match):
        modelfile.write(tmp_path / "m", metadata, arrays)
    assert list(tmp_path.iterdir()) == []


def test_failed_write_keeps_the_old_file(path, monkeypatch):
    before = path.read_bytes()

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        modelfile.write(path, {}, {})
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_missing_file_is_an_oserror(tmp_path):
    with pytest.raises(FileNotFoundError):
        modelfile.read(tmp_path / "absent")


def test_every_truncation_is_refused(path, tmp_path):
    data = path.read_bytes()
    for length in range(len(data)):
        refused(tmp_path, data[:length], "not a fastgd model, or damaged")


def test_trailing_bytes_are_refused(path, tmp_path):
    refused(tmp_path, path.read_bytes() + b"\0", "1 bytes belong to no array")


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "only 0 bytes"),
        ((2**63).to_bytes(8, "little") + b"{}", "a header of 9223372036854775808 bytes"),
        (raw("[]"), "no JSON object"),
        (raw("{"), "header"),
        (raw('{"\xff'), "header"),
        (raw("[" * 100_000), "header"),
        (raw('{"a": 1, "a": 2}'), "twice"),
        (raw("{}"), "does not say that fastgd wrote it"),
        (raw({"__metadata__": {"format": "pt"}}), "does not say that fastgd wrote it"),
        (raw(described(version="one")), "format_version"),
        (raw(described(version="3")), "install a newer fastgd"),
        (raw(described(metadata="[]")), "metadata are no JSON object"),
        (raw(described(metadata='{"x": NaN}')), "NaN is not allowed"),
        (raw(described(metadata='{"x": -Infinity}')), "-Infinity is not allowed"),
        (raw(described(metadata='{"x": 1e999}')), "1e999 is not allowed"),
        (raw(described(metadata='{"x": ' + "9" * 5000 + "}")), "metadata"),
        (raw(described(a=3)), "is not described by"),
        (raw(described(a={"dtype": "F64", "shape": [1]})), "is not described by"),
        (raw(described(a=array(dtype="O")), bytes(8)), "unknown dtype 'O'"),
        (raw(described(a=array(dtype=["F64"])), bytes(8)), "unknown dtype"),
        (raw(described(a=array(dtype="F32")), bytes(8)), "do not agree"),
        (raw(described(a=array(shape=(2,))), bytes(8)), "do not agree"),
        (raw(described(a=array(shape=(-1,))), bytes(8)), "impossible shape"),
        (raw(described(a=array(shape=(1.0,))), bytes(8)), "impossible shape"),
        (raw(described(a=array(shape=(True,))), bytes(8)), "impossible shape"),
        (raw(described(a=array(shape=[1] * 99)), bytes(8)), "impossible shape"),
        (raw(described(a=array(shape=(0, 2**62), offsets=(0, 0)))), "impossible shape"),
        (raw(described(a=array(shape=(2**40,), offsets=(0, 2**43)))), "cut short"),
        (raw(described(a=array(offsets=(8, 0))), bytes(8)), "do not agree"),
        (raw(described(a=array(offsets=(0, 8, 8))), bytes(8)), "impossible data_offsets"),
        (raw(described(a=array(), b=array()), bytes(8)), "overlaps"),
        (raw(described(a=array(offsets=(8, 16))), bytes(16)), "leaves a gap"),
        (raw(described(a=array("BOOL", (2,), (0, 2))), b"\1\2"), "no booleans"),
    ],
)
def test_hostile_files_are_refused(tmp_path, data, match):
    refused(tmp_path, data, match)
