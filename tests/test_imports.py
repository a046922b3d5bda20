"""Imports and includes point one way only."""

import ast
import re
import subprocess
import sys
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "fastgd"
CSRC = ROOT / "csrc"


def module_of(path):
    """The name of a module, or of the subpackage that a file belongs to; `fastgd` is `__init__`."""
    top = path.relative_to(PACKAGE).parts[0].partition(".")[0]
    return "fastgd" if top == "__init__" else top


CYTHON = [path for kind in ("pyx", "pxd", "pxi") for path in PACKAGE.rglob(f"*.{kind}")]
SOURCES = [*PACKAGE.rglob("*.py"), *CYTHON]
MODULES = {module_of(path) for path in SOURCES}


def python_graph():
    """What each module imports from the package, inside functions too; a subpackage is one node."""
    graph = {}
    for path in SOURCES:
        dots = r"\." * len(path.relative_to(PACKAGE).parts)  # one more leaves a subpackage
        statement = re.compile(
            rf"^\s*(?:import fastgd(?P<a>\.\w+)?|from (?:fastgd\.|{dots})(?P<b>\w+)[\w.]* import"
            rf"|from (?:{dots}|fastgd) import (?P<names>\([^)]*|[^(\n]*)"
            r'|include "(?P<included>\w+)/)',
            re.MULTILINE,
        )
        imported = graph.setdefault(module_of(path), set())
        for found in statement.finditer(path.read_text(encoding="utf-8")):
            if found["names"]:
                names = re.findall(r"(\w+)(?: as \w+)?", found["names"])
                imported |= {name if name in MODULES else "fastgd" for name in names}
            elif found["included"]:
                imported.add(found["included"])
            else:
                imported.add(found["b"] or (found["a"] or ".fastgd")[1:])
    for name, imported in graph.items():
        imported.discard(name)
    return graph


def inner_graph(package):
    """What each module of a subpackage imports from its neighbours, in folders of its own too."""
    graph = {}
    for path in (PACKAGE / package).rglob("*.py"):
        home = path.relative_to(PACKAGE / package).with_suffix("").parts
        own = home[:-1] if home[-1] == "__init__" and len(home) > 1 else home
        imported = graph.setdefault(".".join(own), set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and 0 < node.level <= len(home):
                start = [*home[: len(home) - node.level], *filter(None, [node.module])]
                ends = [[]] if node.module else [[alias.name] for alias in node.names]
                imported |= {".".join([*start, *end]) for end in ends}
    return {own: imported & set(graph) for own, imported in graph.items()}
    return graph


def c_graph():
    """What each C file includes from the project; a source and its header are one node."""
    statement = re.compile(r'^\s*#include "(?:.*/)?(.*)\.[ch]"', re.MULTILINE)
    graph = {}
    for path in CSRC.rglob("*.[ch]"):
        own = path.name[:-2]
        included = set(statement.findall(path.read_text(encoding="utf-8")))
        graph.setdefault(own, set()).update(included - {own})
    return graph


def reachable(graph, start):
    """Everything that `start` needs, directly or not."""
    seen, todo = set(), [start]
    while todo:
        new = graph.get(todo.pop(), set()) - seen
        seen |= new
        todo += new
    return seen


@pytest.mark.parametrize(
    "make_graph",
    [
        python_graph,
        *(
            partial(inner_graph, package)
            for package in ("calculus", "estimators", "inference", "plot")
        ),
        c_graph,
    ],
)
def test_no_cycles(make_graph):
    graph = make_graph()
    order = list(TopologicalSorter(graph).static_order())  # CycleError names a cycle
    assert set(order) >= set(graph) and len(graph) > 5


def test_parts_of_a_summary_do_not_know_it():
    graph = inner_graph("inference")
    parts = "rows", "coordinates", "covariance", "separated", "estimate", "effects", "influence"
    for part in parts:
        assert not reachable(graph, part) & {"summary", "build"}, part


@pytest.mark.parametrize(
    ("module", "may_import"),
    [
        ("_core", {"door"}),
        ("arguments", set()),
        ("calculus", set()),
        ("datasets", set()),
        ("descent", {"calculus"}),
        ("door", {"errors"}),
        ("errors", set()),
        ("frames", {"coding", "errors", "tables"}),
        ("tables", {"errors"}),
        (
            "estimators",
            {
                "errors",
                "frames",
                "functional",
                "modelfile",
                "plainparts",
                "prediction",
                "result",
                "threads",
            },
        ),
        ("fitparts", {"coding", "labels", "separation"}),
        ("graph", set()),
        ("inference", {"_core", "errors", "summarytext"}),
        ("inputs", {"frames"}),
        ("labels", set()),
        ("learn", {"arguments", "plaintext"}),
        ("lessons", set()),
        ("modelfile", {"errors", "writing"}),
        ("plainparts", {"labels"}),
        ("plaintext", set()),
        ("plot", set()),
        ("prediction", {"_core", "threads"}),
        ("progress", set()),
        ("reference", set()),
        ("report", {"_version", "plot", "printout", "writing"}),
        ("separation", set()),
        ("summarytext", set()),
        ("timing", {"functional", "reference", "trace"}),
        ("trace", {"functional", "graph", "reference"}),
        ("writing", set()),
    ],
)
def test_low_modules(module, may_import):
    assert python_graph().get(module, set()) <= may_import


@pytest.mark.parametrize("module", ["functional", "result"])
def test_numerics_do_not_know_their_users(module):
    users = {"fastgd", "cli", "report", "plot", "files", "estimators", "trace"}
    assert not reachable(python_graph(), module) & users


def test_cython_sees_one_header():
    text = "".join(path.read_text(encoding="utf-8") for path in CYTHON)
    assert set(re.findall(r'cdef extern from "(.*?)"', text)) == {"fastgd.h"}


def test_door_is_whole():
    text = (PACKAGE / "_core.pyx").read_text(encoding="utf-8")
    assert sorted(re.findall(r'^include "door/(\w+)\.pxi"', text, re.MULTILINE)) == sorted(
        path.stem for path in PACKAGE.rglob("*.pxi")
    )


def test_solvers_see_only_the_oracle():
    graph = c_graph()
    for path in (CSRC / "solvers").glob("*.c"):
        assert "solver" in reachable(graph, path.stem) and graph[path.stem] <= {
            "solver",
            "line",
            "memory",
            "approach",
            "cg",
        }, path.name
    assert not reachable(graph, "solver") & {"design", "objective", "penalty", "loss", "team"}


def test_kernels_see_only_their_templates():
    needed = reachable(c_graph(), "kernels")
    assert needed and all(name == "kernels" or name.endswith(".inc") for name in needed)


def test_import_brings_numpy_and_nothing_else():
    code = (
        "import sys, numpy; before = set(sys.modules)\n"
        "import fastgd; print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    packages = {name.split(".")[0] for name in done.stdout.split()} - sys.stdlib_module_names
    assert {name for name in packages if "cython" not in name} == {"fastgd"}
