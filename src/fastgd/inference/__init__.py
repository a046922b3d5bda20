"""What a fit says about the population: standard errors, tests, intervals, effects.

Takes arrays, never a result. Everything is computed on implicitly centred and scaled columns and
carried back to the user's units at the end, so that columns far from zero or in odd units lose no
digits. In these coordinates ``a_i = (1, (x_i - shift) * scale)``, the information is
``I = sum_i s_i q_i a_i a_i'`` and the Hessian ``H = I + penalty``.

Its parts, each knowing those before it alone: ``distributions``; ``rows`` (what each row says),
``coordinates`` (the columns it is said on), ``covariance`` (sums over rows, and their inverse),
``separated`` (which parameters are infinite), ``estimate`` (the parameters and how sure they are);
from these ``effects``, ``influence``, and the ``summary``, which asks both; ``build`` makes it.

Sources: McCullagh and Nelder, *Generalized Linear Models* (1989); for sandwiches White,
Econometrica 50 (1982), and Liang and Zeger, Biometrika 73 (1986); for the effective degrees of
freedom and ``inv(H) I inv(H)`` Gray, JASA 87 (1992).
"""

from .build import LARGEST, Model, summarize
from .coordinates import CHUNK, SHIFT_ROWS
from .covariance import COVARIANCES
from .effects import MarginalEffects
from .influence import Influence
from .rows import Rows
from .summary import Summary, Test

__all__ = [
    "CHUNK",
    "COVARIANCES",
    "LARGEST",
    "SHIFT_ROWS",
    "Influence",
    "MarginalEffects",
    "Model",
    "Rows",
    "Summary",
    "Test",
    "summarize",
]
