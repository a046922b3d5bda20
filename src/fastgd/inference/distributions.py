"""p-values and quantiles."""

import math

import numpy as np


def check_level(level):
    if not (isinstance(level, (int, float)) and 0 < level < 1):
        raise ValueError(f"level must lie between 0 and 1, found {level!r}")
    return level


def two_sided(t, df):
    """The p-values of t, normal where `df` is infinite."""
    from scipy import special

    t = np.abs(t)
    return 2 * special.ndtr(-t) if math.isinf(df) else 2 * special.stdtr(df, -t)


def quantile(level, df):
    """How far an interval of this level reaches, in standard errors."""
    from scipy import special

    upper = (1 + level) / 2
    return float(special.ndtri(upper) if math.isinf(df) else special.stdtrit(df, upper))


def chi2(statistic, df):
    from scipy import special

    return float(special.chdtrc(df, max(statistic, 0.0))) if df > 0 else math.nan
