"""Standard errors that others have published or stored."""

import numpy as np
from inference_data import anes, birth_weights, close, discrete_results, first, glm_results, sm

import fastgd
from fastgd import inference


def test_birth_weights():
    stored, X, y = birth_weights()
    s = fastgd.fit(X.to_numpy(), y).summary(X, y)
    assert s.names == ["intercept", *X.columns]
    close(s.params, first(stored.params), atol=1e-8)
    close(s.llf, stored.llf)
    close(s.deviance, stored.deviance)
    close(s.null_deviance, stored.null_deviance)
    close(s.aic, stored.aic_R)
    assert (s.df_resid, s.df_model, s.nobs) == (stored.df_resid, stored.df_model, 189)
    found = s.influence(X, y)
    response, pearson, deviance = (np.asarray(stored.resids)[:, k] for k in (4, 0, 1))
    close(np.sum(found.resid_pearson**2), stored.pearson_chi2, rtol=1e-6)
    close(found.resid_deviance, deviance, atol=1e-6)
    close(found.resid_pearson, pearson, atol=1e-6)
    close(found.resid_response, response, atol=1e-6)


def test_birth_weights_standard_errors_of_stata():
    """Stata's last weights are one step of Newton's before its last estimates: 1.5e-5 off at the
    optimum. At that same point the errors must agree to all digits that are stored."""
    stored, X, y = birth_weights()
    X = X.to_numpy()
    A = np.column_stack([np.ones(len(X)), X])
    z = np.log((y + 0.5) / (1.5 - y))  # where iteratively reweighted least squares starts
    for _ in range(3):
        p = 1 / (1 + np.exp(-z))
        q = p * (1 - p)
        theta = np.linalg.solve(A.T @ (A * q[:, None]), A.T @ (q * z + y - p))
        z = A @ theta
    model = inference.Model(
        theta[1:], theta[0], "log_loss", np.array([0, 1]), 0.0, True, null_cost=np.log(2), gap=0.0
    )
    s = inference.summarize(model, X, y, z, None, most_threads=lambda: 1)
    close(s.bse, first(stored.bse), rtol=0, atol=1e-8)


def test_star98_counts():
    stored = glm_results().Star98()
    counts = np.asarray(sm().datasets.star98.load().endog, dtype=float)
    X = np.asarray(sm().datasets.star98.load().exog, dtype=float)
    n = counts.sum(axis=1)
    share = counts[:, 0] / n
    s = fastgd.fit(X, share, sample_weight=n).summary(X, share, sample_weight=n)
    close(s.params, first(stored.params))
    close(s.bse, first(stored.bse))
    close(s.deviance, stored.deviance)
    close(s.null_deviance, stored.null_deviance)
    # binomial coefficients, which a sum over single trials does not have
    from scipy.special import gammaln

    ways = np.sum(gammaln(n + 1) - gammaln(counts[:, 0] + 1) - gammaln(counts[:, 1] + 1))
    close(s.llf + ways, stored.llf)
    found = s.influence(X, share, sample_weight=n)
    close(np.sum(found.resid_pearson**2), stored.pearson_chi2)
    live = sm().GLM(counts, sm().add_constant(X), family=sm().families.Binomial()).fit(tol=1e-14)
    close(found.resid_deviance, live.resid_deviance, rtol=1e-6, atol=1e-8)
    close(found.hat_matrix_diag, live.get_hat_matrix_diag(), rtol=1e-6)


def test_anes_seven_classes():
    stored = discrete_results().Anes.mnlogit_basezero
    X, y = anes()
    s = fastgd.fit(X, y).summary(X, y)
    close(s.params, first(stored.params), atol=1e-7)
    close(s.bse, first(stored.bse))
    close(s.tvalues, first(stored.z), rtol=2e-6)
    for name in ("llf", "llnull", "llr", "prsquared", "aic", "bic"):
        close(getattr(s, name), getattr(stored, name))
    assert (s.df_model, s.df_resid) == (stored.df_model, stored.df_resid)
    assert s.equations == [1, 2, 3, 4, 5, 6] and s.reference == 0


def test_spector():
    stored = discrete_results().Spector.logit
    loaded = sm().datasets.spector.load()
    X, y = np.asarray(loaded.exog), np.asarray(loaded.endog)
    s = fastgd.fit(X, y).summary(X, y)
    close(s.params, first(stored.params), rtol=2e-6)
    close(s.bse, first(stored.bse), rtol=2e-6)
    for name in ("llf", "llnull", "llr", "llr_pvalue", "prsquared", "aic", "bic"):
        close(getattr(s, name), getattr(stored, name))
    for name, found in [
        ("margeff_nodummy_dydx", s.get_margeff()),
        ("margeff_nodummy_dydxmean", s.get_margeff(at="mean")),
        ("margeff_dummy_dydx", s.get_margeff(dummy=True, X=X)),
        ("margeff_dummy_dydxmean", s.get_margeff(at="mean", dummy=True, X=X)),
    ]:
        close(found.margeff, getattr(stored, name), atol=1e-6)
        close(found.margeff_se, getattr(stored, name + "_se"), atol=1e-6)
