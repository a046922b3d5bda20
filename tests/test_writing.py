"""Files appear whole or not at all, and what is no file stays what it is."""

import os
import stat
import threading

import pytest

from fastgd.writing import replace_file, whole

posix = pytest.mark.skipif(os.name != "posix", reason="links, pipes and bits are POSIX")


def test_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.csv"
    for before in (None, b"old"):
        if before:
            path.write_bytes(before)
        with pytest.raises(KeyError), whole(path) as place, open(place, "wb") as file:
            file.write(b"half")
            raise KeyError
        assert [p.read_bytes() for p in tmp_path.iterdir()] == ([before] if before else [])
    with whole(path) as place:
        assert place.endswith("a.csv")  # the kind of file is told by its name
        with open(place, "wb") as file:
            file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_permissions(tmp_path):
    old = os.umask(0o027)
    try:
        replace_file(tmp_path / "new", [b"x"])
        (tmp_path / "private").touch(0o600)
        replace_file(tmp_path / "private", [b"x"])
    finally:
        os.umask(old)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("new", "private")]
    assert modes == [0o640, 0o600]


@posix
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_goes_on_to_point_to_the_file(exists, tmp_path):
    (tmp_path / "there").mkdir()
    file, link = tmp_path / "there" / "file", tmp_path / "link"
    if exists:
        file.write_bytes(b"old")
    link.symlink_to(file)
    replace_file(link, [b"n", b"ew"])
    assert link.is_symlink() and file.read_bytes() == b"new"
    assert list(file.parent.iterdir()) == [file]


@posix
def test_a_pipe_is_written_to(tmp_path):
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    replace_file(pipe, [b"to whom ", b"it concerns"])
    reader.join(10)
    assert got == [b"to whom it concerns"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert list(tmp_path.iterdir()) == [pipe]


@posix
@pytest.mark.parametrize("kind", ["model", "report", "rows"])
def test_whatever_is_written(kind, tmp_path):
    """Every writer goes this way."""
    target, link = tmp_path / "target", tmp_path / "link.csv"
    target.touch(0o600)
    link.symlink_to(target)
    if kind == "model":
        from fastgd import modelfile

        modelfile.write(link, {}, {})
    elif kind == "report":
        pytest.importorskip("matplotlib")
        import fastgd
        from fastgd import report

        X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1]
        report.write(link, fastgd.fit(X, y), X, y)
    else:
        pa = pytest.importorskip("pyarrow")
        from fastgd import files

        with files.writer(str(link)) as rows:
            rows.write({"a": pa.array([1])})
    assert link.is_symlink() and target.stat().st_size > 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
