"""Files that appear whole or not at all."""

import contextlib
import os
import stat
import tempfile


@contextlib.contextmanager
def whole(path):
    """Write a file that takes the place of an existing one only when it is complete.

    It keeps the permissions of the one it replaces, and a symbolic link goes on to point to
    it. A pipe or a device is written to as it stands.

    Parameters
    ----------
    path : str or path-like

    Yields
    ------
    place : str
        Where to write. Its name ends like that of `path`.
    """
    target = os.path.realpath(path)
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        mode = stat.S_IFREG | 0o666 & ~mask
    if not stat.S_ISREG(mode):
        yield target
        return
    folder, name = os.path.split(target)
    handle, place = tempfile.mkstemp(prefix=".fastgd-", suffix=f"-{name}", dir=folder)
    os.close(handle)
    try:
        yield place
        os.chmod(place, stat.S_IMODE(mode))  # mkstemp gives 0600
        os.replace(place, target)
    except BaseException:
        os.unlink(place)
        raise


def replace_file(path, chunks):
    """Write a file of these bytes-like objects, one after the other."""
    with whole(path) as place, open(place, "wb") as file:
        file.writelines(chunks)
