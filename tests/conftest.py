"""Fixtures: what a kernel or a fit may run on, and those of the command line."""

import numpy as np
import pytest
from command_line import flowers, model, people, process, run  # noqa: F401 (fixtures)
from problems import DTYPES, LAYOUTS

import fastgd


@pytest.fixture(params=fastgd._core.isas())
def isa(request):
    """Each instruction set that this processor has, active for the test."""
    before = fastgd._core.isa()
    fastgd._core.set_isa(request.param)
    yield request.param
    fastgd._core.set_isa(before)


@pytest.fixture(params=(1, 2, 3, 7))
def n_threads(request):
    return request.param


@pytest.fixture(params=DTYPES)
def dtype(request):
    return request.param


@pytest.fixture(params=LAYOUTS)
def layout(request):
    return request.param


@pytest.fixture
def rng(request):
    """Random numbers of the test's own: the same in every run and in any order."""
    return np.random.default_rng(list(request.node.name.encode()))


@pytest.fixture
def data():
    """Two classes for the estimators; scikit-learn, which these need, is not asked for before."""
    from estimators_data import binary

    return binary(300)


@pytest.fixture
def iris():
    from estimators_data import three_classes

    return three_classes()


@pytest.fixture
def chinese():
    """Skips where no font has Chinese characters; pictures then hold empty boxes, with a hint."""
    pytest.importorskip("matplotlib")
    from fastgd.plot import fonts

    if fonts.installed() == ("DejaVu Sans",):
        pytest.skip("no font with Chinese characters is installed")


def pytest_collection_modifyitems(config, items):
    """Leave out what sklearn_deselected.txt names."""
    from sklearn_suite import is_deselected

    out = [i for i in items if i.path.name == "test_sklearn_suite.py" and is_deselected(i.name)]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]
