"""The type stubs say what is there: the same names, parameters and defaults."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import fastgd

PACKAGE = Path(__file__).parents[1] / "src" / "fastgd"


def module_of(path):
    """The module that a stub is of, as in ``plot.style``; a package's is its `__init__.pyi`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "__init__"


STUBS = {module_of(path): ast.parse(path.read_text("utf-8")) for path in PACKAGE.rglob("*.pyi")}
MODULES = [name for name in STUBS if name != "__init__"]


def runtime(name):
    return importlib.import_module(f"fastgd.{name}")


def functions(tree):
    """Every function and method of a stub, with the path to it; one of each set of overloads.
    A class has the methods of its bases that are the stub's own too."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}

    def methods(node):
        found = {}
        for base in node.bases:
            found |= methods(classes[base.id]) if getattr(base, "id", None) in classes else {}
        return found | {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}

    yield from ((node.name, node) for node in tree.body if isinstance(node, ast.FunctionDef))
    for node in classes.values():
        if not node.name.startswith("_"):
            yield from ((f"{node.name}.{name}", method) for name, method in methods(node).items())


def aliases(tree):
    """Names of a stub that stand for another function: the name, and whose parameters it has."""
    return {
        node.targets[0].id: node.value.id
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name)
    }


def stub_parameters(node):
    """Names, kinds and defaults of a function in a stub."""
    a = node.args
    places = [*a.posonlyargs, *a.args]
    defaults = [None] * (len(places) - len(a.defaults)) + [ast.unparse(d) for d in a.defaults]
    found = [("place", p.arg, d) for p, d in zip(places, defaults, strict=True)]
    named = zip(a.kwonlyargs, a.kw_defaults, strict=True)
    found += [("name", p.arg, d and ast.unparse(d)) for p, d in named]
    return found + [("all", p.arg, None) for p in (a.vararg, a.kwarg) if p]


def parameters(function):
    """The same of the function itself."""
    kinds = {"POSITIONAL_OR_KEYWORD": "place", "KEYWORD_ONLY": "name"}
    return [
        (kinds.get(p.kind.name, "all"), p.name, written(p.default))
        for p in inspect.signature(function).parameters.values()
    ]


def written(default):
    """A default as a stub has it, a function by its name; None where there is none."""
    if default is inspect.Parameter.empty:
        return None
    return default.__name__ if inspect.isroutine(default) else repr(default)


@pytest.mark.parametrize("module", [m for m in MODULES if m != "_core"])
def test_signatures(module):
    for path, node in functions(STUBS[module]):
        first, *rest = path.split(".")
        function = getattr(runtime(module), first)
        for name in rest:
            function = inspect.getattr_static(function, name)
        function = getattr(function, "__func__", getattr(function, "fget", function))
        assert parameters(function) == stub_parameters(node), path


def test_aliases():
    functional, named = runtime("functional"), aliases(STUBS["functional"])
    assert named == {"fit_quietly": "fit"}
    assert parameters(functional.fit_quietly) == parameters(functional.fit)


def test_parameters_of_the_core():
    """Compiled functions know their signature only as far as Cython writes it down."""
    for name, node in functions(STUBS["_core"]):
        code = getattr(fastgd._core, name).__code__
        names = code.co_varnames[: code.co_argcount]
        assert list(names) == [p for _, p, _ in stub_parameters(node)], name


@pytest.mark.parametrize("module", MODULES)
def test_nothing_public_is_missing(module):
    def public(name, value):
        if name.startswith("_") or inspect.ismodule(value):
            return False
        home = f"{getattr(value, '__module__', None)}."  # of a package's names one of its modules
        return home.startswith(f"fastgd.{module}.") and not (
            module == "_core" and inspect.isclass(value)  # the core's own tools
        )

    names = {*vars(runtime(module)), *dir(runtime(module))}  # and what is imported when asked for
    there = {name for name in names if public(name, getattr(runtime(module), name))}
    stubbed = {n.name for n in STUBS[module].body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    assert there <= stubbed | set(aliases(STUBS[module])) | imported(STUBS[module])


def imported(tree):
    """The names that a stub has from other modules."""
    found = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name for node in found for alias in node.names}


def starred(tree):
    """What a stub says that a star imports."""
    found = [node for node in tree.body if isinstance(node, ast.Assign)]
    named = {node.targets[0].id: node.value for node in found}
    return ast.literal_eval(named["__all__"]) if "__all__" in named else []


@pytest.mark.parametrize("module", MODULES)
def test_what_is_named_is_there(module):
    """Values, and the names that a star imports; functions and classes are looked at above."""
    values = [
        node.target.id
        for node in STUBS[module].body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) != "TypeAlias"
    ]
    assert [name for name in values if not hasattr(runtime(module), name)] == []
    assert sorted(starred(STUBS[module])) == sorted(getattr(runtime(module), "__all__", []))


def test_the_package_shows_what_it_has():
    tree = STUBS["__init__"]
    names = starred(tree)
    assert imported(tree) == set(names) == set(dir(fastgd))
    needs_sklearn = {"LogisticRegression", "LogisticRegressionCV"}
    assert set(fastgd.__all__) == set(names) - needs_sklearn  # so that `import *` needs no more
    assert all(hasattr(fastgd, name) for name in names)


def test_attributes_of_a_result():
    [result] = [n for n in STUBS["result"].body if getattr(n, "name", "") == "FitResult"]
    named = [node.target.id for node in result.body if isinstance(node, ast.AnnAssign)]
    assert sorted(named) == sorted(fastgd.FitResult.__slots__)
