"""The examples in docstrings give what they show."""

import doctest
import importlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "fastgd"
NEEDS = {"estimators": "sklearn", "plot.fonts": "matplotlib"}


def with_examples():
    for path in sorted(PACKAGE.rglob("*.py")):
        if ">>> " in path.read_text(encoding="utf-8"):
            parts = path.relative_to(PACKAGE).with_suffix("").parts
            # the classes of `estimators` say that they live in the package itself
            name = parts[0] if parts[0] == "estimators" else ".".join(parts)
            yield name.removesuffix(".__init__")


@pytest.mark.parametrize("name", sorted(set(with_examples())))
def test_examples(name):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    found = doctest.testmod(importlib.import_module(f"fastgd.{name}"))
    assert found.attempted and not found.failed
