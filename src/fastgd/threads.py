"""How many threads a call may use when the user does not say."""

import functools
import os

from . import _core


@functools.cache
def _quota():
    """Processors that the control group grants, or none if it sets no limit."""
    try:
        with open("/sys/fs/cgroup/cpu.max") as file:
            granted, period = file.read().split()
    except (OSError, ValueError):
        try:
            with open("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") as file:
                granted = file.read().strip()
            with open("/sys/fs/cgroup/cpu/cpu.cfs_period_us") as file:
                period = file.read().strip()
        except OSError:
            return None
    if granted in ("max", "-1"):
        return None
    return max(1, int(granted) // int(period))


def most():
    """The affinity mask, the control group's quota and FASTGD_NUM_THREADS (or else
    OMP_NUM_THREADS), whichever is least."""
    count = _core.processors()
    quota = _quota()
    if quota is not None and quota < count:
        count = quota
    asked = os.environ.get("FASTGD_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS")
    if asked:
        try:
            count = min(count, max(1, int(asked.split(",")[0])))
        except ValueError:
            pass
    return count


def check(n_threads):
    """The argument ``n_threads``: None, or a positive integer."""
    if n_threads is None:
        return None
    try:
        count = n_threads.__index__()
    except AttributeError:
        raise TypeError(
            f"n_threads must be None or a positive integer, found {n_threads!r}"
        ) from None
    if count < 1:
        raise ValueError(f"n_threads must be None or a positive integer, found {n_threads!r}")
    return count


def from_jobs(n_jobs):
    """`n_threads` for joblib's ``n_jobs``: None as many as pay, -1 all, -2 all but one."""
    if n_jobs is None or n_jobs > 0:
        return n_jobs
    if n_jobs == 0:
        raise ValueError("n_jobs must be None or an integer other than 0, found 0")
    return max(1, most() + 1 + n_jobs)
