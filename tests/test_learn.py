"""`fastgd learn`: the list, a chapter on the terminal, pictures, notebooks; prose as plain text."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from fastgd import learn, plaintext
from fastgd.cli import main

CHAPTER = """---
file_format: mystnb
---
# A title

Text with $x^2$.

```{code-cell} python
a = 2
print("printed")
a + 1
```

More text.

```{code-cell} python
:mystnb: {"image": {"alt": "A line: it rises."}}

draw()
```
"""


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "00_small.md"
    path.write_text(CHAPTER, encoding="utf-8")
    return path


def test_read(small):
    text, first, more, second = learn.read(small)
    assert text == (False, "# A title\n\nText with $x^2$.", {})
    assert first == (True, 'a = 2\nprint("printed")\na + 1', {}) and first.alt is None
    assert more.text == "More text." and second.text == "draw()"
    assert second.alt == "A line: it rises."


def test_notebook(small):
    made = learn.notebook(learn.read(small), "zh")
    assert (made["nbformat"], made["nbformat_minor"]) == (4, 5)
    kinds = [cell["cell_type"] for cell in made["cells"]]
    assert kinds == ["markdown", "code", "code", "markdown", "code"]
    assert 'os.environ["FASTGD_LANG"] = "zh"' in "".join(made["cells"][1]["source"])
    assert "".join(made["cells"][2]["source"]) == 'a = 2\nprint("printed")\na + 1'
    assert made["cells"][4]["metadata"] == {"mystnb": {"image": {"alt": "A line: it rises."}}}
    assert len({cell["id"] for cell in made["cells"]}) == 5


def test_a_chapter_is_played_in_its_language(monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setenv("FASTGD_LANG", "en")
    names = learn.play(learn.chapter(8, "zh").path, show=lambda text: None)
    assert names["lang"] == "zh" and os.environ["FASTGD_LANG"] == "en"


def test_notebooks_are_valid(tmp_path):
    nbformat = pytest.importorskip("nbformat")
    for lang in learn.LANGUAGES:
        for chapter in learn.chapters(lang):
            nbformat.validate(nbformat.read(learn.write(chapter, tmp_path), as_version=4))


@pytest.mark.slow
@pytest.mark.parametrize("lang", learn.LANGUAGES)
def test_notebooks_run_and_show_each_picture(tmp_path, lang, request):
    """In Jupyter's own kernel; the chapter whose first picture is not its last."""
    if lang == "zh":
        request.getfixturevalue("chinese")
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    pytest.importorskip("matplotlib")
    book = nbformat.read(learn.write(learn.chapter(2, lang), tmp_path), as_version=4)
    nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute()
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    shown = [sum("image/png" in out.get("data", {}) for out in cell.outputs) for cell in cells]
    assert shown == [int("mystnb" in cell.metadata) for cell in cells] and sum(shown) == 2
    assert not any(out.get("name") == "stderr" for cell in cells for out in cell.outputs)


def test_play_shows_text_code_and_results(small):
    small.write_text(CHAPTER.replace("draw()", "figured()"), encoding="utf-8")
    text = small.read_text(encoding="utf-8").replace(
        "a = 2\n",
        "a = 2\nclass Drawn:\n    figure_ = 'the figure'\ndef figured():\n    return Drawn()\n",
    )
    small.write_text(text, encoding="utf-8")
    shown, figures = [], []
    names = learn.play(small, shown.append, figures.append)
    assert names["a"] == 2 and figures == ["the figure"]
    assert shown[0] == "A title\n=======\n\nText with x\u00b2."
    assert shown[1].startswith("    | a = 2\n")
    assert shown[2] == "printed\n3"
    assert shown[-1] == "[A line: it rises.]"


def test_play_goes_on_where_matplotlib_is_missing(small):
    message = 'pictures need matplotlib: pip install "fastgd[plot]"'
    text = CHAPTER.replace("draw()", f"raise ModuleNotFoundError({message!r})")
    small.write_text(text + "\n```{code-cell} python\nb = 5\n```\n", encoding="utf-8")
    shown = []
    assert learn.play(small, shown.append)["b"] == 5
    assert f"[{message}]" in shown


def test_play_hands_on_an_error_and_what_was_printed_before(small):
    small.write_text(CHAPTER.replace("a + 1", "1 / 0"), encoding="utf-8")
    shown = []
    with pytest.raises(ZeroDivisionError):
        learn.play(small, shown.append)
    assert shown[-1] == "printed"


def test_last_expression():
    names = {}
    assert learn.run_cell("a = 1\na + 1", names) == 2
    assert learn.run_cell("a = 5", names) is None and names["a"] == 5
    assert learn.run_cell("", names) is None


# ------------------------------------------------- prose


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"x^2 + 2y^2", "x² + 2y²"),
        (r"\frac{1}{m} \sum_{i=1}^{m} L(a_i, y_i)", "1/m ∑_(i=1)ᵐ L(aᵢ, yᵢ)"),
        (r"\frac{f(a + h) - f(a)}{h}", "(f(a + h) - f(a))/h"),
        (r"\frac{\partial f}{\partial x}", "∂f/∂x"),
        (r"\frac{1}{1 + e^{-z}}.", "1/(1 + e^(-z))."),
        (r"w \to w - \alpha \, dw", "w → w - \u03b1 dw"),
        (r"H^{-1} \nabla J", "H⁻¹ ∇J"),
        (r"\sqrt{\kappa}", "√(κ)"),
        (r"\ln 2 \le \log 3", "ln 2 ≤ log 3"),
    ],
)
def test_formula(latex, plain):
    assert plaintext.formula(latex) == plain


def test_paragraphs_are_filled():
    text = plaintext.readable("word " * 40, 30)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 30 and " ".join(lines).split() == ["word"] * 40


def test_chinese_is_filled_by_its_width():
    prose = "权重和偏置\uff0c" * 20
    text = plaintext.readable(prose, 31)
    lines = text.splitlines()
    assert max(plaintext.columns(line) for line in lines) <= 31
    assert "".join(lines) == prose
    assert not any(line.startswith("\uff0c") for line in lines)


def test_marks_are_dropped():
    assert plaintext.readable("**bold** and *slanted*, `code`, [text](page.md)") == (
        "bold and slanted, code, text"
    )
    assert plaintext.readable("一*列*。") == "一列。"
    assert plaintext.readable("2 * 3 * 4") == "2 * 3 * 4"


def test_lists_and_tables():
    assert plaintext.readable("- one\n- two\n  more", 40) == "- one\n- two more"
    table = plaintext.readable("| a | meaning |\n|---|---|\n| $m$ | 数 |")
    assert table == "a  meaning\n-  -------\nm  数"


# ------------------------------------------------- the command


@pytest.mark.parametrize(("lang", "word"), [("en", "Gradient descent"), ("zh", "梯度下降")])
def test_list(capsys, lang, word):
    assert main(["learn", "--lang", lang]) == 0
    out = capsys.readouterr().out
    assert f"  6  {word}" in out and len(out.splitlines()) == 14


def test_plays_a_chapter(capsys):
    pytest.importorskip("matplotlib")
    assert main(["learn", "8"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("The computation graph\n=====")
    assert "u = 6\nv = 11\nJ = 33" in out
    assert "dJ/db = dJ/dv · dv/du · du/db = 3 · 1 · 2 = 6." in out


@pytest.mark.parametrize("name", ["out.png", "out.svg"])
def test_saves_pictures(tmp_path, capsys, name, chinese):
    assert main(["learn", "8", "--lang", "zh", "--plot", str(tmp_path / name)]) == 0
    [found] = tmp_path.iterdir()
    assert found.name == name and found.stat().st_size > 2000
    assert "计算图" in capsys.readouterr().out


def test_numbers_pictures(tmp_path):
    pytest.importorskip("matplotlib")
    assert main(["learn", "2", "--plot", str(tmp_path / "out.png")]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out-1.png", "out-2.png"]


def test_export(tmp_path, capsys):
    assert main(["learn", "--export", str(tmp_path / "books")]) == 0
    for lang in learn.LANGUAGES:
        found = sorted(path.stem for path in (tmp_path / "books" / lang).glob("*.ipynb"))
        assert found == [chapter.path.stem for chapter in learn.chapters(lang)]
    assert len(capsys.readouterr().out.splitlines()) == 24


def test_export_of_one(tmp_path):
    assert main(["learn", "3", "--lang", "zh", "--export", str(tmp_path)]) == 0
    [path] = tmp_path.rglob("*.ipynb")
    assert path.relative_to(tmp_path).as_posix() == "zh/03_step.ipynb"
    assert "步长" in path.read_text(encoding="utf-8")


def test_open(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert main(["learn", "3", "--open"]) == 0
    assert "Jupyter is not installed" in capsys.readouterr().out
    path = tmp_path / "03_step.ipynb"
    assert json.loads(path.read_text(encoding="utf-8"))["nbformat"] == 4
    path.write_text("mine", encoding="utf-8")
    started = []
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    done = subprocess.CompletedProcess([], 0)
    monkeypatch.setattr(subprocess, "run", lambda command, **_: started.append(command) or done)
    assert main(["learn", "3", "--open"]) == 0
    assert path.read_text(encoding="utf-8") == "mine"  # what the reader changed is left alone
    assert started == [["/bin/jupyter-lab", "03_step.ipynb"]]


@pytest.mark.parametrize(
    ("arguments", "expected", "message"),
    [
        (["12"], 2, "'12': wanted a whole number from 0 to 11"),
        (["-1"], 2, "'-1': wanted a whole number from 0 to 11"),
        (["1", "--plot", "out.xyz"], 1, "--plot out.xyz: wanted a name that ends in"),
        (["1", "--plot", "no/such/out.png"], 1, "there is no folder"),
        (["--plot", "out.png"], 2, "--plot needs a chapter's number"),
        (["--open"], 2, "--open needs a chapter's number"),
        (["1", "--lang", "fr"], 2, "'fr'"),
    ],
)
def test_bad_arguments(capsys, arguments, expected, message):
    pytest.importorskip("matplotlib")
    code = main(["learn", *arguments])
    assert code == expected and message in capsys.readouterr().err


def test_unknown_language():
    with pytest.raises(ValueError, match="lang must be one of 'en', 'zh'"):
        learn.chapters("fr")


def test_without_matplotlib(tmp_path):
    """The text and the numbers need NumPy and SciPy alone."""
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from fastgd.cli import main\n"
        "codes = main(['learn', '1']), main(['learn', '1', '--plot', 'out.png'])\n"
        "print(codes)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.stdout.endswith("(0, 1)\n"), done.stderr
    assert "a^2 at 5: 10" in done.stdout and 'pip install "fastgd[plot]"' in done.stdout
    assert "--plot needs matplotlib" in done.stderr
