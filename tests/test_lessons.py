"""The chapters: the same code in both languages, every number of the course's table computed."""

import json
import re
import time

import pytest

from fastgd import learn, plaintext

PAIRS = list(zip(learn.chapters("en"), learn.chapters("zh"), strict=True))
BOTH = [chapter for pair in PAIRS for chapter in pair]
NAMES = [f"{chapter.lang}-{chapter.path.stem}" for chapter in BOTH]
TERMS = ("成本函数", "损失函数", "权重", "偏置", "学习率")


def code(chapter):
    return [cell.text for cell in learn.read(chapter.path) if cell.code]


def prose(chapter):
    return "\n\n".join(cell.text for cell in learn.read(chapter.path) if not cell.code)


def test_chapters_are_numbered_from_0_to_11():
    for lang in learn.LANGUAGES:
        assert [chapter.number for chapter in learn.chapters(lang)] == list(range(12))
    assert all(en.path.name == zh.path.name for en, zh in PAIRS)


@pytest.mark.parametrize(("en", "zh"), PAIRS, ids=[en.path.stem for en, _ in PAIRS])
def test_both_languages_have_the_same_code(en, zh):
    assert code(en) == code(zh)
    assert "lang = plot.language()" in code(en)[0]
    kinds = [[cell.code for cell in learn.read(chapter.path)] for chapter in (en, zh)]
    assert kinds[0] == kinds[1]


@pytest.mark.parametrize("chapter", BOTH, ids=NAMES)
def test_what_draws_has_alt_text(chapter):
    cells = [cell for cell in learn.read(chapter.path) if cell.code]
    draws = [cell.text.count("plot.") > 0 and "import" not in cell.text for cell in cells]
    assert draws == [cell.alt is not None for cell in cells] and any(draws)
    for cell in cells:
        if cell.alt is not None:
            assert len(cell.alt) > 20
            assert bool(re.search("[\u4e00-\u9fff]", cell.alt)) == (chapter.lang == "zh")
            assert "lang=lang" in cell.text


@pytest.mark.parametrize("chapter", BOTH, ids=NAMES)
def test_files_are_notebooks_without_outputs(chapter):
    text = chapter.path.read_text(encoding="utf-8")
    assert text.startswith("---\nfile_format: mystnb\n") and f"\nlanguage: {chapter.lang}\n" in text
    assert not re.search(r"execution_count|data:image|^:?outputs", text, re.MULTILINE)
    assert text.count("\n```{code-cell} python\n") == len(code(chapter))
    assert text.count("```") == 2 * len(code(chapter))
    built = learn.notebook(learn.read(chapter.path))
    assert not any(cell.get("outputs") for cell in built["cells"])
    assert json.loads(json.dumps(built)) == built


@pytest.mark.parametrize("chapter", BOTH, ids=NAMES)
def test_formulas_are_closed(chapter):
    for cell in learn.read(chapter.path):
        if not cell.code:
            for paragraph in re.split(r"\n\s*\n", cell.text):
                assert paragraph.count("$") % 2 == 0, paragraph
                assert paragraph.count("{") == paragraph.count("}"), paragraph
            assert "\\" not in plaintext.readable(cell.text)


def test_chinese_terms():
    text = "\n".join(map(prose, learn.chapters("zh")))
    assert all(text.count(term) >= 3 for term in TERMS)
    assert not re.search("代价函数|成本方程|学习速率|偏差项|权值", text)


@pytest.mark.parametrize("chapter", learn.chapters("zh"), ids=[c.path.stem for c in BOTH[1::2]])
def test_chinese_paragraphs_are_not_broken(chapter):
    """Browsers show a line break between two characters as a space."""
    wide = r"[\u2e80-\uffef]"
    assert not re.search(rf"{wide}\n{wide}", prose(chapter))


def test_the_first_page_maps_the_notation():
    for lang in learn.LANGUAGES:
        page = prose(learn.chapters(lang)[0])
        for symbol in (r"(n_x, m)", "`(n, d)`", *r"$m$ $n_x$ $w$ $b$ \alpha $J$ $dw$".split()):
            assert symbol in page, (lang, symbol)


# ------------------------------------------------- played once: the code is the same in both

TABLE = {  # the numbers of each row of the course's table, as its cells print them
    0: ["(569, 2) (569,)", "A w = ", "% right"],
    1: [
        "a = 2.0: rise 0.003, slope 3\n",
        "a = 5.0: rise 0.003, slope 3\n",
        "a = 2.0: rise 0.004001, quotient 4.001\n",
        "a = 5.0: rise 0.010001, quotient 10.001\n",
        "3a at 2: 3\n",
        "a^2 at 2: 4\n",
        "a^2 at 5: 10\n",
        "slope -1 from the left, 1 from the right",
    ],
    2: ["f'(a) [-4.  0.  2.  4. 10.]", "a^3 at 2:  12\n", "ln a at 2: 0.5\n", "sigmoid"],
    3: ["error shrinks by [10.3 10.  10. ]", "error shrinks by [100. 100. 100.]"],
    4: ["df/dx = 2\n", "df/dy = 4\n"],
    5: [
        "gradient [2. 4.]",
        "length 4.4721, angle 63.43 degrees",
        "45 degrees: measured   4.2426, projection   4.2426",
        "the gradient is right",
        "WRONG",
    ],
    6: [
        "alpha = 0.01: first step to (0.98, 0.96)",
        "alpha = 0.1: first step to (0.8, 0.6)",
        "alpha = 0.25: first step to (0.5, 0)",
        "alpha = 0.5: y = [ 1. -1.  1. -1.  1. -1.]",
        "40 steps, diverged",
        "limit 2 / L = 0.5",
        "edge [2.]",
    ],
    7: ["bends down at 0% of the points", "-10.0    -0.999955", "J = 0.2925"],
    8: ["u = 6\nv = 11\nJ = 33\n", "dv = 3\nda = 3\ndu = 3\ndb = 6\ndc = 9\n", "is right"],
    9: [
        "dz = -0.256699 and a - y = -0.256699",
        "da = -1.345349 and -y/a + (1-y)/(1-a) = -1.345349",
        "1000000 products",
        "a - column: (569, 569)",
    ],
    10: ["J = 0.693147", "ln 2 = 0.693147", "the same as the loop: True", "D J = 0.2558"],
    11: ["gd ", "agd ", "lbfgs ", "auto ", "gap proved: inf", "converged, gap <= "],
}
UP_TO = 30.0  # seconds: far more than a chapter takes, on a machine that is busy


@pytest.mark.slow
@pytest.mark.parametrize("chapter", learn.chapters(), ids=[c.path.stem for c in learn.chapters()])
def test_play(chapter):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    shown, figures = [], []
    start = time.perf_counter()
    names = learn.play(chapter.path, shown.append, figures.append)
    assert time.perf_counter() - start < UP_TO
    cells = learn.read(chapter.path)
    assert len(figures) == sum(cell.alt is not None for cell in cells)
    assert all(figure.axes for figure in figures)
    printed = "\n".join(text + "\n" for text in shown if not text.startswith("    | "))
    for number in TABLE[chapter.number]:
        assert number in printed
    check = CHECKS.get(chapter.number)
    if check:
        check(names)


def check_answer(names):
    """The last chapter's model is the best: no small step from it lowers the cost."""
    import fastgd

    answer, raw, y = names["answer"], names["raw"], names["y"]
    assert answer.converged and 0 <= answer.gap < 1e-12
    for j in range(2):
        for sign in (-1, 1):
            moved = answer.coef.copy()
            moved[j] += sign * 0.01
            assert fastgd.cost(raw, y, moved, answer.intercept) > answer.cost


def check_training(names):
    """Each guess of the first chapter costs more than what was trained."""
    import fastgd

    trained = fastgd.cost(names["raw"], names["y"], names["best_w"], names["best_b"])
    guessed = [fastgd.cost(names["raw"], names["y"], *guess) for guess in names["guesses"].values()]
    assert len(guessed) == 3 and trained < min(guessed)
    assert names["right"].mean() > 0.9


def check_passes(names):
    """Solvers need fewer passes to the same gap the more they know."""
    passes = []
    for fit in names["fits"].values():
        near = [cost - names["best"] <= 1e-8 * 0.4 for cost in fit.history["cost"]]
        passes.append(fit.history["passes"][near.index(True)])
    assert passes == sorted(passes, reverse=True) and passes[0] > 10 * passes[-1]


def check_last(names):
    check_answer(names)
    check_passes(names)


CHECKS = {10: check_training, 11: check_last}
