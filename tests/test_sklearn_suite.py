"""scikit-learn's own test_logistic.py, run against the estimators of fastgd put in its place.

What is left out stands in sklearn_deselected.txt, with a reason each; `conftest.py` leaves it out.
The file belongs to one version of scikit-learn, as its tests do; with others nothing runs here.
"""

from collections import Counter

import pytest
import sklearn
import sklearn.linear_model
from sklearn_suite import DESELECTED, REASONS, VERSION, here, ours

if here():
    module = ours()
    globals().update({k: v for k, v in vars(module).items() if k.startswith("test_")})

pytestmark = [
    pytest.mark.filterwarnings("ignore:The default value for l1_ratios.*:FutureWarning"),
    # as without this project's configuration: they are warnings
    pytest.mark.filterwarnings("default::fastgd.errors.ConvergenceWarning"),
    pytest.mark.filterwarnings("default::fastgd.errors.SeparationWarning"),
]


COUNTS = {
    "array-api": 2,
    "l1": 24,
    "liblinear": 3,
    "path": 2,
    "message": 8,
    "n-jobs": 1,
    "callbacks": 2,
}


@pytest.fixture
def global_random_seed():
    return 42


def test_the_estimators_are_ours():
    if not here():
        pytest.skip(f"the list of what is left out is for scikit-learn {VERSION}")
    names = vars(ours())
    for name in ("LogisticRegression", "LogisticRegressionCV"):
        assert names[name].__module__ == "fastgd.estimators"
        assert getattr(sklearn.linear_model, name).__module__.startswith("sklearn.")


def test_reasons_are_counted():
    """Adding to the list means changing these numbers, where a reviewer sees them."""
    assert set(REASONS) == set(COUNTS)
    assert Counter(DESELECTED.values()) == COUNTS


def test_the_list_names_tests_that_exist():
    if not here():
        pytest.skip(f"the list is for scikit-learn {VERSION}")
    functions = {name.partition("[")[0] for name in DESELECTED}
    assert functions <= set(vars(ours()))
