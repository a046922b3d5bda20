"""The course: its chapters are listed, played in the terminal, and written as notebooks.

A chapter is a text notebook (``lessons/<language>/NN_name.md``): Markdown with code cells between
fences. Code runs as it would in a notebook, all cells in one namespace, and the value of the
last expression is shown.
"""

import ast
import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path
from typing import NamedTuple

from . import arguments
from .plaintext import filled, readable

__all__ = ["LANGUAGES", "Cell", "Chapter", "chapters", "notebook", "play", "read"]

HOME = Path(__file__).parent / "lessons"
LANGUAGES = ("en", "zh")
LANGUAGE = "FASTGD_LANG"  # in the environment: that of the pictures
FENCE = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```\s*?$", re.MULTILINE | re.DOTALL)
OPTION = re.compile(r"^:(\w+):[ ]*(.*)\n", re.MULTILINE)


class Cell(NamedTuple):
    """A piece of a chapter."""

    code: bool
    """Python, or Markdown."""
    text: str
    """Without the fence."""
    options: dict
    """Metadata of the cell, as myst-nb knows them."""

    @property
    def alt(self):
        """What its picture shows, in words; None where the cell draws none."""
        return self.options.get("mystnb", {}).get("image", {}).get("alt")


class Chapter(NamedTuple):
    """A chapter's place among the others."""

    number: int
    title: str
    lang: str
    path: Path


# ---------------------------------------------------------------- files


def chapters(lang="en"):
    """List the chapters in order.

    Parameters
    ----------
    lang : {"en", "zh"}

    Returns
    -------
    list of Chapter
    """
    if lang not in LANGUAGES:
        raise ValueError(f"lang must be one of {', '.join(map(repr, LANGUAGES))}, found {lang!r}")
    found = []
    for path in sorted((HOME / lang).glob("[0-9][0-9]_*.md")):
        title = re.search(r"^# (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)[1]
        found.append(Chapter(int(path.name[:2]), title, lang, path))
    return found


def chapter(number, lang="en"):
    """The chapter of that number; ValueError where there is none."""
    there = {one.number: one for one in chapters(lang)}
    if number not in there:
        raise ValueError(f"there is no chapter {number}; the chapters are 0 to {max(there)}")
    return there[number]


def read(path):
    """Cut a chapter into its cells.

    Parameters
    ----------
    path : path-like
        A text notebook.

    Returns
    -------
    list of Cell
    """
    text = Path(path).read_text(encoding="utf-8")
    text = re.sub(r"\A---\n.*?^---\n", "", text, count=1, flags=re.MULTILINE | re.DOTALL)
    cells, end = [], 0
    for found in FENCE.finditer(text):
        cells += _prose(text[end : found.start()])
        body, options = found[1], {}
        while option := OPTION.match(body):
            options[option[1]] = json.loads(option[2])
            body = body[option.end() :]
        cells.append(Cell(True, body.strip("\n"), options))
        end = found.end()
    return cells + _prose(text[end:])


def _prose(text):
    return [Cell(False, text.strip(), {})] if text.strip() else []


def speaking(lang):
    """The code that a notebook of the course starts with: chapters have the same code in every
    language, and ask `fastgd.plot.language` for that of their pictures."""
    return f'import os\n\nos.environ["{LANGUAGE}"] = "{lang}"  # of the pictures'


def notebook(cells, lang="en"):
    """A Jupyter notebook without outputs.

    Parameters
    ----------
    cells : list of Cell
    lang : {"en", "zh"}
        Of the pictures: a cell before the first one with code says so.

    Returns
    -------
    dict
        To be written as JSON; format 4.5.
    """
    found, first = [], next((i for i, cell in enumerate(cells) if cell.code), len(cells))
    for i, cell in enumerate([*cells[:first], Cell(True, speaking(lang), {}), *cells[first:]]):
        kind = "code" if cell.code else "markdown"
        one = {"cell_type": kind, "id": f"cell-{i}", "metadata": cell.options}
        one["source"] = cell.text.splitlines(keepends=True)
        found.append({**one, "execution_count": None, "outputs": []} if cell.code else one)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": found, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def write(one, folder):
    """Write a chapter as a notebook into a folder, and return where it is."""
    path = Path(folder) / f"{one.path.stem}.ipynb"
    text = json.dumps(notebook(read(one.path), one.lang), ensure_ascii=False, indent=1) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


# ---------------------------------------------------------------- playing


def play(path, show=print, picture=None):
    """Run a chapter from top to bottom.

    Parameters
    ----------
    path : path-like
        A text notebook.
    show : callable
        Gets each piece of text: prose, code, and what the code printed or returned.
    picture : callable, optional
        Gets each picture's figure when it has been drawn.

    Returns
    -------
    dict
        The names that the chapter's code defined.

    Notes
    -----
    Where matplotlib is missing the cells that draw say so, and the others run.
    """
    before = os.environ.get(LANGUAGE)
    if Path(path).parent.name in LANGUAGES:
        os.environ[LANGUAGE] = Path(path).parent.name
    try:
        return _run(path, show, picture)
    finally:
        os.environ.pop(LANGUAGE, None)
        if before is not None:
            os.environ[LANGUAGE] = before


def _run(path, show, picture):
    names = {"__name__": "__main__"}
    for number, cell in enumerate(read(path), 1):
        if not cell.code:
            show(readable(cell.text))
            continue
        show(textwrap.indent(cell.text, "    | "))
        try:
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                value = run_cell(cell.text, names, f"{Path(path).name}, cell {number}")
                if value is not None and not hasattr(value, "figure_"):
                    print(repr(value))
        except ModuleNotFoundError as error:
            if cell.alt is None:
                raise
            show(f"[{error}]")
            continue
        finally:
            if printed.getvalue():
                show(printed.getvalue().rstrip("\n"))
        if cell.alt is not None:
            show(filled(f"[{getattr(value, 'alt', cell.alt)}]", 80))
            if picture is not None:
                picture(value.figure_)
        _close_figures()
    return names


def run_cell(text, names, where="cell"):
    """Execute a cell in a namespace and return the value of its last expression, or None."""
    tree = ast.parse(text, where)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, where, "exec"), names)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), where, "eval"), names)


def _close_figures():
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


# ---------------------------------------------------------------- the command


HINTS = {
    "en": "fastgd learn N plays chapter N.",
    "zh": "fastgd learn N --lang zh: \u64ad\u653e\u7b2c N \u7ae0\u3002",
}


def add_arguments(parser):
    """Options of ``fastgd learn``."""
    add = parser.add_argument
    add(
        "chapter",
        nargs="?",
        type=arguments.whole(0, chapters()[-1].number),
        metavar="CHAPTER",
        help="its number; without one: a list",
    )
    add("--lang", choices=LANGUAGES, help="language (default: en; --export: both)")
    add(
        "--plot",
        type=Path,
        metavar="FILE",
        help="save the chapter's pictures: FILE, or FILE-1, FILE-2 ... where there are several; "
        "the ending says in which format",
    )
    add(
        "--open",
        action="store_true",
        help="write the chapter as a notebook into this folder and open it in Jupyter",
    )
    add(
        "--export",
        type=Path,
        metavar="DIR",
        help="write all chapters, or the one, as notebooks into DIR/en and DIR/zh",
    )


def check(parser, args):
    """Refuse what the parser cannot see."""
    if args.chapter is None and (args.open or args.plot) and args.export is None:
        parser.error(f"--{'open' if args.open else 'plot'} needs a chapter's number")


def run(args):
    """Run ``fastgd learn`` with parsed arguments and return the exit code."""
    lang = args.lang or "en"
    if args.export is not None:
        for each in [args.lang] if args.lang else LANGUAGES:
            chosen = chapters(each) if args.chapter is None else [chapter(args.chapter, each)]
            for one in chosen:
                print(write(one, args.export / each))
    elif args.chapter is None:
        for one in chapters(lang):
            print(f"{one.number:>3}  {one.title}")
        print(f"\n{HINTS[lang]}")
    elif args.open:
        return _open(chapter(args.chapter, lang))
    else:
        _play(chapter(args.chapter, lang), args.plot)
    return 0


def _play(one, plot):
    """Play a chapter on the terminal; save its pictures if `plot` is a path."""
    cells = read(one.path)
    drawing = sum(cell.alt is not None for cell in cells)
    if plot and not drawing:
        raise ValueError(f"--plot: chapter {one.number} has no picture")
    _draw_unseen(plot)
    names = iter(_names(plot, drawing) if plot else ())

    def save(figure):
        path = next(names)
        with warnings.catch_warnings():  # the drawing has said which font is missing, once
            warnings.filterwarnings("ignore", r"Glyph \d+ ", UserWarning)
            figure.savefig(path, dpi=150)
        _say(str(path))

    play(one.path, _say, save if plot else None)


def _say(text):
    print(text, end="\n\n", flush=True)


def _draw_unseen(plot):
    """Draw without a window; look at the path of the pictures before anything is computed."""
    try:
        import matplotlib
    except ModuleNotFoundError:
        if plot:
            raise ModuleNotFoundError(
                '--plot needs matplotlib: pip install "fastgd[plot]"', name="matplotlib"
            ) from None
        return
    matplotlib.use("Agg")
    if plot:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        endings = FigureCanvasAgg.get_supported_filetypes()
        if plot.suffix[1:].lower() not in endings:
            raise ValueError(f"--plot {plot}: wanted a name that ends in .png, .svg or .pdf")
        if not plot.absolute().parent.is_dir():
            raise ValueError(f"--plot {plot}: there is no folder {plot.parent}")


def _names(path, n):
    if n == 1:
        return [path]
    return [path.with_name(f"{path.stem}-{i}{path.suffix}") for i in range(1, n + 1)]


def _open(one):
    """Write a notebook into this folder, unless it is there, and start Jupyter on it."""
    path = Path(f"{one.path.stem}.ipynb")
    if path.exists():
        print(f"{path} is there already and is left as it is")
    else:
        print(write(one, "."))
    for name in ("jupyter-lab", "jupyter-notebook"):
        if program := shutil.which(name):
            return subprocess.run([program, str(path)], check=False).returncode
    print("Jupyter is not installed: pip install notebook, or open the file in an editor")
    return 0
