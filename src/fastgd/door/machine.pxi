# Instruction sets and processors.


def isas():
    """Names of the instruction sets this build and this processor share, best first."""
    names = []
    while fgd_kernels_name(len(names)) != NULL:
        names.append((<bytes>fgd_kernels_name(len(names))).decode())
    return tuple(names)


def isa():
    """The instruction set in use."""
    return (<bytes>fgd_kernels_active().name).decode()


def set_isa(name):
    """Use another instruction set (None: the best one) from now on, in all threads."""
    encoded = name.encode() if name is not None else None
    if fgd_kernels_choose(<const char *>encoded if name is not None else NULL) != FGD_OK:
        raise ValueError(f"instruction set {name!r} is not available here; there are {', '.join(isas())}")


def processors():
    """Processors that this process may run on."""
    return fgd_processors()


def fail_threads(int k):
    """For tests: let the start of every thread after the first k fail; -1 ends it."""
    global fgd_team_fail_at
    fgd_team_fail_at = k
