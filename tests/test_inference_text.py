"""A summary in print, as HTML and as a data frame."""

import numpy as np
import pytest
from inference_data import anes, birth_weights, close, data

import fastgd

TABLE = """\
Logistic regression: class 1 against 0
  observations                 189    AIC                       219.448
  parameters                     9    BIC                       248.624
  residual df                  180    likelihood ratio   33.224 on 8 df
  log-likelihood       -100.723996    its p-value                 <1e-4
  null log-likelihood  -117.335998    R2, McFadden              0.14158
  deviance                 201.448    R2, Cox and Snell         0.16120
  null deviance            234.672    R2, Nagelkerke            0.22670

                   coef    std err       z   P>|z|     [0.025      0.975]
  intercept     0.46122     1.2046   0.383  0.7018    -1.8997      2.8222
  age         -0.027100   0.036450  -0.743  0.4572  -0.098542    0.044341
  lwt         -0.015151  0.0069259  -2.188  0.0287  -0.028725  -0.0015763
  race_black     1.2626    0.52641   2.399  0.0165    0.23090      2.2944
  race_other    0.86208    0.43915   1.963  0.0496  0.0013548      1.7228
  smoke         0.92334    0.40083   2.304  0.0212    0.13774      1.7090
  ptl           0.54184    0.34625   1.565  0.1176   -0.13680      1.2205
  ht             1.8325    0.69163   2.650  0.0081    0.47695      3.1881
  ui            0.75851    0.45938   1.651  0.0987   -0.14185      1.6589

Covariance: from the information matrix.
Fit: converged, gap at most 1e-8 of the null cost (dual)."""


def test_birth_weights_in_print():
    _, X, y = birth_weights()
    s = fastgd.fit(X.to_numpy(), y).summary(X, y)
    assert str(s) == repr(s) == TABLE


def test_labels_and_names_of_any_kind():
    X, y = data()
    label = np.where(y > 0, "<yes>", "no & never")
    names = ["<b>bold</b>", "a" * 80 + "1", "a" * 80 + "2", "x&y"]
    fit = fastgd.fit(X, label)
    fit.names = names
    s = fit.summary(X, label)
    text, page = str(s), s._repr_html_()
    assert "aaa...aaa" in text and "aa1 " in text and "aa2 " in text
    lengths = {len(line) for line in text.split("\n\n")[1].split("\n")[1:]}
    assert len(lengths) == 1 and lengths.pop() < 115
    assert "<b>bold" not in page and "&lt;b&gt;bold" in page and "&lt;yes&gt;" in page
    assert page.count("<tr>") == page.count("</tr>") and page.count("<table>") == 3


def test_a_page_has_no_empty_column():
    X, y = data()
    s = fastgd.fit(X, y, l2=0.01).summary(X, y)
    text, page = str(s), s._repr_html_()
    assert "P>|z|" in text and "conf_int()" in text and "[0.025" not in text
    assert "P&gt;|z|" not in page and "conf_int()" in page and "[0.025" not in page
    assert 'text-align:right">std err</th>' in page  # as the numbers below
    page = fastgd.fit(X, y).summary(X, y)._repr_html_()
    assert "P&gt;|z|" in page and "[0.025" in page


@pytest.mark.filterwarnings("ignore::fastgd.SeparationWarning")
def test_without_standard_errors_there_is_no_covariance():
    X = np.arange(20.0)[:, None]
    s = fastgd.fit(X, X[:, 0] > 9).summary(X, X[:, 0] > 9)
    for said in str(s), s._repr_html_():
        assert "Covariance" not in said and "all estimates are infinite" in said
    assert "[0.025" not in s._repr_html_()


def test_not_converged():
    X, y = data()
    with pytest.warns(fastgd.ConvergenceWarning):
        fit = fastgd.fit(X, y, solver="gd", max_iter=3)
    s = fit.summary(X, y)
    assert "Fit: not converged (max_iter), gap unknown (none)." in str(s)
    close(s.llnull, fastgd.fit(X, y).summary(X, y).llnull, rtol=1e-12)


def test_a_loose_fit_says_how_far_its_estimates_may_be():
    X, y = data(n=40_000)
    best = fastgd.fit(X, y, tol=1e-14, solver="newton").summary(X, y)
    with pytest.warns(fastgd.ConvergenceWarning):
        fit = fastgd.fit(X, y, solver="newton", max_iter=2)
    loose = fit.summary(X, y)
    off = np.abs(loose.params - best.params) / best.bse
    assert 0.01 < loose.distance and off.max() <= 1.1 * loose.distance
    assert f"up to {loose.distance:.1g} standard errors" in str(loose).replace("\n", " ")
    assert best.distance < 1e-2 and "from the optimum" not in str(best)


def test_many_columns():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 150))
    y = rng.random(3000) < 0.5
    s = fastgd.fit(X, y).summary(X, y)
    assert len(str(s).split("\n")) < 140 and "... and 31 more: to_frame() has all." in str(s)
    assert len(s.params) == 151


def test_data_frame():
    pandas = pytest.importorskip("pandas")
    X, y = data()
    fit = fastgd.fit(X, y)
    table = fit.summary(pandas.DataFrame(X, columns=list("abcd")), y).to_frame()
    assert list(table.index) == ["intercept", *"abcd"]
    assert list(table.columns) == ["coef", "std err", "z", "P>|z|", "[0.025", "0.975]"]
    close(table["std err"], fit.summary(X, y).bse, rtol=1e-12)
    assert fit.summary(X, y).get_margeff().to_frame().shape == (4, 6)
    X, y = anes()
    s = fastgd.fit(X, y).summary(X, y)
    table = s.to_frame()
    close(table.loc[(3, "x1"), "coef"], s.params[2, 2], rtol=1e-12)
    close(table.loc[(3, "x1"), "0.975]"], s.conf_int()[2, 2, 1], rtol=1e-12)
