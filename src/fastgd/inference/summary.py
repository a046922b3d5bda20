"""Estimates, errors and tests, to be read."""

import math
from typing import NamedTuple

import numpy as np

from .. import summarytext
from .distributions import check_level, chi2, quantile, two_sided
from .effects import marginal
from .influence import influence_of


class Test(NamedTuple):
    """A test of a hypothesis: its statistic, degrees of freedom and p-value."""

    __test__ = False  # pytest: no test of ours

    statistic: float
    df: int
    pvalue: float

    def __str__(self):
        p = summarytext.probability(self.pvalue, "= ")
        return f"chi2({self.df}) = {self.statistic:.6g}, p {p}"


class Summary:
    """Estimates of a model and how sure they are; read it with ``print``.

    Arrays of parameters have the intercept first, shape (d + 1,), or for K > 2 classes
    (d + 1, K - 1), a column for each class but the reference. It holds neither ``X`` nor anything
    else as long as the data.

    Attributes
    ----------
    names : list of str
        Of the parameters.
    equations : list or None
        The classes that the parameters (each column of them) speak for; None for squared error.
    reference
        The class they are seen from.
    params, bse, tvalues, pvalues : ndarray
        Estimates, in margin per unit of each column, standard errors, their ratio (z, or for
        squared error t), and two-sided p-values. NaN where there is none; ``notes`` says why. With
        a penalty ``tvalues`` and ``pvalues`` are NaN throughout.
    llf, llnull : float
        Log-likelihoods, in nats, of the model and of the null model (intercept and offset).
        Fractions are taken as shares of rows: binomial coefficients are left out.
    aic, bic : float
        With the effective degrees of freedom ``tr(inv(H) I)`` where there is a penalty.
    nobs, n_params, df_model, df_resid : float
        Observations, (effective) parameters, those without intercepts, and what is left.
    deviance, null_deviance : float
        Twice the distance from the saturated model, for squared error the sum of squares.
    llr, llr_pvalue : float
        Likelihood ratio against the null model.
    prsquared, cox_snell, nagelkerke : float
        R squared of McFadden, of Cox and Snell, and of Nagelkerke.
    rsquared, scale : float
        For squared error: R squared, and the estimate of the variance (1 else).
    distance : float
        About how many standard errors the estimates may be from the optimum.
    cov_type, factor
        The kind of covariance and the factor it was multiplied with.
    groups : int or None
        How many clusters.
    notes : dict of int to str
        Why a parameter, by its place in ``params.ravel("F")``, has no standard error. Of separated
        classes one is infinite if it is so wherever the cost comes near its infimum, and else NaN
        and not determined.
    """

    def __init__(self, **fields):
        for name, value in fields.items():
            setattr(self, name, value)

    # --- estimates

    def _shape(self, flat):
        m = len(self.names)
        return flat.copy() if len(flat) == m else flat.reshape(-1, m).T.copy()

    @property
    def params(self):
        return self._shape(self._estimate.raw)

    @property
    def bse(self):
        return self._shape(self._estimate.errors())

    @property
    def tvalues(self):
        raw = self._estimate.raw
        if self.penalized:
            return self._shape(np.full(len(raw), np.nan))
        with np.errstate(invalid="ignore", divide="ignore"):
            return self._shape(raw / self._estimate.errors())

    @property
    def pvalues(self):
        return two_sided(self.tvalues, self._t_df())

    def _t_df(self):
        return self.df_resid if self.loss == "squared_error" else math.inf

    def conf_int(self, level=None):
        """Intervals ``params -+ quantile * bse``.

        Parameters
        ----------
        level : float, optional
            By default that of the summary. (``alpha`` of statsmodels is ``1 - level``.)

        Returns
        -------
        ndarray of the shape of ``params`` and an axis of 2
            With a penalty they are those of a biased estimate: they cover the coefficients that
            the penalty aims at.
        """
        level = self.level if level is None else check_level(level)
        with np.errstate(invalid="ignore"):
            reach = quantile(level, self._t_df()) * self.bse
            return np.stack([self.params - reach, self.params + reach], axis=-1)

    def cov_params(self):
        """The covariance of the parameters, equation by equation.

        Returns
        -------
        ndarray of shape (m, m), m = params.size
            In the order of ``params.ravel("F")``; NaN where there is no standard error.
        """
        return self._estimate.covariance()

    def odds_ratios(self, level=None):
        """``exp`` of the estimates and of their intervals: (..., 3), ratio, low, high."""
        if self.loss == "squared_error":
            raise ValueError("a model of the squared error has no odds")
        with np.errstate(over="ignore"):
            return np.exp(np.concatenate([self.params[..., None], self.conf_int(level)], axis=-1))

    # --- how well it fits

    @property
    def aic(self):
        return 2 * (self.n_params - self.llf)

    @property
    def bic(self):
        return self.n_params * math.log(self.nobs) - 2 * self.llf

    @property
    def llr(self):
        return 2 * (self.llf - self.llnull)

    @property
    def llr_pvalue(self):
        return math.nan if self.penalized else chi2(self.llr, self.df_model)

    @property
    def prsquared(self):
        return 1 - self.llf / self.llnull if self.llnull else math.nan

    @property
    def cox_snell(self):
        return -math.expm1(-self.llr / self.nobs)

    @property
    def nagelkerke(self):
        most = -math.expm1(2 * self.llnull / self.nobs)
        return self.cox_snell / most if most else math.nan

    @property
    def rsquared(self):
        if self.loss != "squared_error":
            raise AttributeError("rsquared is for squared error; see prsquared")
        return 1 - self.deviance / self.null_deviance if self.null_deviance else math.nan

    # --- tests

    def wald_test(self, hypothesis, value=0.0):
        """Wald's chi-squared test that ``hypothesis @ params.ravel("F") == value``.

        Parameters
        ----------
        hypothesis : str, list of str, or array of shape (r, m) or (m,)
            Names of parameters that are zero together (in all equations), or linear functions.
        value : float or array of shape (r,)

        Returns
        -------
        Test
            Statistic, degrees of freedom (the rank of the hypothesis), p-value.
        """
        if self.penalized:
            raise ValueError(
                "estimates with a penalty are biased, so that the test has not the size it claims; "
                "fit with l2=0"
            )
        R, absent = self._functions(hypothesis), self._estimate.absent
        if (R[:, absent] != 0).any():
            i = int(np.flatnonzero((R != 0).any(axis=0) & absent)[0])
            name, why = summarytext.label(self, i), self.notes.get(i, "aliased")
            raise ValueError(f"{name} cannot be tested: {why}")
        value = np.asarray(value, dtype=float)
        if value.shape not in ((), (len(R),)):
            raise ValueError(
                f"value must be a number or have shape ({len(R)},), one for each row of the "
                f"hypothesis, found {value.shape}"
            )
        for name, given in (("hypothesis", R), ("value", value)):
            if not np.isfinite(given).all():
                raise ValueError(f"{name} must be finite, found {given[~np.isfinite(given)][0]}")
        if not R.any(axis=1).all():
            raise ValueError("hypothesis has a row of zeros, which says nothing of a parameter")
        statistic, df = self._estimate.wald(R, value)
        return Test(statistic, df, chi2(statistic, df))

    def _functions(self, hypothesis):
        m, size = len(self.names), len(self._estimate.raw)
        if isinstance(hypothesis, str):
            hypothesis = [hypothesis]
        if len(hypothesis) and all(isinstance(name, str) for name in hypothesis):
            unknown = [name for name in hypothesis if name not in self.names]
            if unknown:
                raise ValueError(f"hypothesis names {unknown[0]!r}, which is no parameter")
            twins = [name for name in hypothesis if self.names.count(name) > 1]
            if twins:
                raise ValueError(
                    f"hypothesis names {twins[0]!r}, as {self.names.count(twins[0])} parameters "
                    f"are called; rename the column, or give an array of {size} numbers"
                )
            places = [self.names.index(name) for name in hypothesis]
            return np.eye(size)[[k + i for k in range(0, size, m) for i in places]]
        R = np.atleast_2d(np.asarray(hypothesis, dtype=float))
        if R.ndim != 2 or R.shape[1] != size or not len(R):
            raise ValueError(f"hypothesis must have shape (r, {size}), found {R.shape}")
        return R

    def lr_test(self, restricted=None):
        """Likelihood ratio test of this model against one that it contains.

        Parameters
        ----------
        restricted : Summary, optional
            Of a fit on the same rows with fewer columns; by default the null model. Other rows,
            labels, weights or offsets are refused where their number or the null model tells them.

        Returns
        -------
        Test
        """
        if self.penalized or (restricted is not None and restricted.penalized):
            raise ValueError("likelihoods with a penalty are not maxima; fit with l2=0")
        if restricted is None:
            return Test(self.llr, round(self.df_model), self.llr_pvalue)
        if restricted.loss != self.loss:
            raise ValueError(f"the models are of losses {self.loss!r} and {restricted.loss!r}")
        if restricted.nobs != self.nobs:
            raise ValueError(
                f"the models are not of the same rows: {self.nobs:g} observations here, "
                f"{restricted.nobs:g} there"
            )
        same = abs(restricted.llnull - self.llnull) <= 1e-6 * (1 + abs(self.llnull))
        if restricted.fit_intercept == self.fit_intercept and not same:
            raise ValueError(
                "the models are not of the same rows, labels, weights and offset: the null "
                f"log-likelihood is {self.llnull:.6g} here and {restricted.llnull:.6g} there"
            )
        df = round(self.n_params - restricted.n_params)
        statistic = 2 * (self.llf - restricted.llf)
        if df <= 0 or statistic < -1e-6 * (1 + abs(self.llf)):
            raise ValueError(
                f"the other model has {restricted.n_params:g} parameters and log-likelihood "
                f"{restricted.llf:.6g}, this one {self.n_params:g} and {self.llf:.6g}: it is "
                "not contained in this one"
            )
        return Test(statistic, df, chi2(statistic, df))

    # --- what rows are needed for

    def _arrays(self, X, *columns):
        """The rows of the fit once more, as arrays."""
        return (X, *columns) if self._reads is None else self._reads(X, *columns)

    def get_margeff(self, at="overall", dummy=False, *, X=None, sample_weight=None, offset=None):
        """Effects on the probability of the class (of each, for K > 2), by the delta method.

        Parameters
        ----------
        at : {"overall", "mean"}
            The mean of the effects at all rows, or the effect at the mean row.
        dummy : bool
            For columns that hold only 0 and 1 the change from 0 to 1, not the slope.
        X, sample_weight, offset
            The rows of the fit again, a frame where it was one: needed for `dummy` and for K > 2
            classes, since the summary keeps none.

        Returns
        -------
        MarginalEffects
            Without the intercept.
        """
        if X is not None:
            X, sample_weight, offset = self._arrays(X, sample_weight, offset)
        return marginal(self, at, dummy, X, sample_weight, offset)

    def influence(self, X, y, *, sample_weight=None, offset=None):
        """Residuals, leverages and Cook's distances of rows: one pass.

        Parameters
        ----------
        X, y, sample_weight, offset
            The rows that the model was fitted on, a frame where it was one.

        Returns
        -------
        Influence
            Two classes or squared error. A row with a weight counts as one observation of that
            weight, as a binomial count does.
        """
        return influence_of(self, *self._arrays(X, y, sample_weight, offset))

    # --- to be read

    def to_frame(self):
        """The table of parameters as a pandas data frame (pandas must be installed).

        Returns
        -------
        pandas.DataFrame
            Index: names, or (class, name) for K > 2 classes; columns as statsmodels names them.
        """
        import pandas

        flat = [a.ravel("F") for a in (self.params, self.bse, self.tvalues, self.pvalues)]
        interval = self.conf_int()
        if interval.ndim == 3:
            interval = interval.transpose(1, 0, 2).reshape(-1, 2)
        index = self.names
        if len(self._estimate.raw) > len(self.names):
            index = pandas.MultiIndex.from_product([self.equations, self.names])
        columns = {"coef": flat[0], "std err": flat[1], summarytext.letter(self): flat[2]}
        columns[f"P>|{summarytext.letter(self)}|"] = flat[3]
        if not self.penalized:
            low, high = summarytext.ends(self.level)
            columns[low], columns[high] = interval[:, 0], interval[:, 1]
        return pandas.DataFrame(columns, index=index)

    def __str__(self):
        return summarytext.text(self)

    __repr__ = __str__

    def _repr_html_(self):
        return summarytext.page(self)
