"""The HTML page of a fit: the same bytes each time, nothing hostile in it, fit to be seen."""

import io
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

pytest.importorskip("matplotlib")

import fastgd
from fastgd import report

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "$\\frac{1}{0}$ & co",
    "宽度",
]
VOID = {"meta", "br", "img", "path", "use", "rect", "line"}


class Page(HTMLParser):
    """What is in a page, and whether what is opened is closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.links, self.open, self.words = [], [], [], [], []
        self.labels = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.links += [attrs[key] for key in ("href", "src", "xlink:href") if key in attrs]
        self.labels += [attrs["aria-label"]] if attrs.get("role") == "img" else []
        assert not any(key.startswith("on") for key in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def checked(text):
    page = Page(text)
    assert not page.open and len(page.ids) == len(set(page.ids))
    assert not {"script", "img", "iframe", "link", "object"} & set(page.tags)
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    for target in re.findall(r"url\((.*?)\)", text):
        assert target[1:] in page.ids
    assert re.findall(r'\sid="', text) and len(text.encode()) < 1_000_000
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">') and "seconds" not in page.text
    assert all(len(label) > 20 for label in page.labels)
    return page


@pytest.fixture
def data(rng):
    X = rng.normal(size=(200, 4))
    return X, X @ [1.0, -1.0, 0.5, 0.0] + rng.logistic(size=200) > 0


def test_a_page_of_a_fit(data, tmp_path):
    X, y = data
    fit = fastgd.fit(X, y, record=True)
    scored = {"y": y, "probabilities": fit.predict_proba(X)}
    path = tmp_path / "report.html"
    report.write(path, fit, X, y, title="A <b> & c", names=HOSTILE, scored=scored)
    text = path.read_text("utf-8")
    page = checked(text)
    assert page.tags.count("svg") == 5 == len(page.labels) == page.tags.count("figure")
    for name in ["A <b> & c", *HOSTILE[:2], HOSTILE[3], "Logistic regression: class True"]:
        assert name in page.text, name
    assert "A marker is hollow where the interval holds 0" in page.text
    assert "upright lines are intervals of 95 %" in page.text
    assert f"{fit.coef[0]:#.5g}" in page.text and "at most" in page.text
    assert fit.names is None and list(tmp_path.iterdir()) == [path]
    again = fastgd.fit(X, y, record=True)
    report.write(path, again, X, y, title="A <b> & c", names=HOSTILE, scored=scored)
    assert path.read_text("utf-8") == text


def test_without_history_and_scores(data):
    X, y = data
    page = checked(report.page(fastgd.fit(X, y, l2=0.1), X, y))
    assert len(page.labels) == 1 and "held out" not in page.text and "biased" in page.text


def test_several_classes(rng):
    X = rng.normal(size=(150, 3))
    code = (X[:, 0] + rng.normal(size=150) > 0).astype(int) + (X[:, 1] > 0.5)
    y = np.array(["a", "b", "<c>"])[code]
    fit = fastgd.fit(X, y, l2=0.01, record=True)
    scored = {"y": y, "probabilities": fit.predict_proba(X)}
    page = checked(report.page(fit, X, y, scored=scored))
    assert "class <c>" not in report.page(fit, X, y) and "3 classes" in page.text
    assert len(page.labels) == 5 and any("from" in label for label in page.labels)


@pytest.mark.filterwarnings("ignore::fastgd.SeparationWarning")
@pytest.mark.parametrize("classes", [2, 3])
def test_separated_classes(rng, classes):
    X = rng.normal(size=(90, 2)) + np.repeat(np.arange(classes), 90 // classes)[:, None] * 20
    y = np.repeat(np.arange(classes), 90 // classes)
    fit = fastgd.fit(X, y, record=True)
    assert fit.status == "separated"
    page = checked(report.page(fit, X, y, scored={"y": y, "probabilities": fit.predict_proba(X)}))
    told = "90 of 90 rows can be fitted perfectly"
    if classes == 3:
        told = "in 90 of 90 rows classes can be told from others"
    moved = f"{len(fit.separation.columns[0])} of 2"
    assert f"{told}, so the cost falls for ever while the coefficients of {moved}" in page.text
    assert np.isnan(fit.summary(X, y).params[1:]).all()  # either column may part them alone
    assert "none is determined" in page.text and "the largest is" not in page.text
    assert "nan" not in re.sub("nan[a-z]", "", page.text)


@pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")
def test_a_fit_that_did_not_get_there(data):
    X, y = data
    fit = fastgd.fit(X, y, l2=0.1, solver="gd", max_iter=3, record=True)
    text = report.page(fit, X, y)
    assert "Not converged: how far" in checked(text).text and 'class="lead bad"' in text


def test_rows_of_one_class_and_soft_labels_have_no_curves(data, rng):
    X, y = data
    fit = fastgd.fit(X, y)
    one = {"y": y[y], "probabilities": fit.predict_proba(X[y])}
    assert "of one class" in checked(report.page(fit, X, y, scored=one)).text
    soft = rng.random(200)
    fit = fastgd.fit(X, soft)
    page = checked(
        report.page(fit, X, soft, scored={"y": soft, "probabilities": fit.predict_proba(X)})
    )
    assert "no curves" in page.text


def test_infinite_coefficients_are_counted(rng):
    X = np.column_stack([rng.normal(size=(80, 2)), np.arange(80) < 12])
    y = (rng.random(80) < 0.5).astype(int)
    y[:12] = 1
    fit = fastgd.fit(X, y)
    assert fit.status == "separated"
    page = checked(report.page(fit, X, y))
    assert "1 of 3 is infinite" in page.text and "the largest is" not in page.text


def test_an_unwritable_place(data, tmp_path):
    X, y = data
    with pytest.raises(OSError, match="none"):
        report.write(tmp_path / "none" / "report.html", fastgd.fit(X, y), X, y)


# --- the command


def csv_file(path, rng, *, classes=2):
    X = rng.normal(size=(160, 3))
    y = (X[:, 0] + rng.logistic(size=160) > 0).astype(int) + (classes > 2) * (X[:, 1] > 1)
    out = io.StringIO()
    out.write(f'a,"{HOSTILE[0]}",{"long" * 40},colour,target\n')
    for x, label in zip(X, y, strict=True):
        cell = "" if rng.random() < 0.05 else f"{x[0]:.6g}"
        out.write(f"{cell},{x[1]:.6g},{x[2]:.6g},{rng.choice(['red', '<i>'])},class {label}\n")
    path.write_text(out.getvalue(), "utf-8")


def command(*args, cwd):
    done = subprocess.run(
        [sys.executable, "-m", "fastgd", *args], capture_output=True, text=True, cwd=cwd
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("classes", [2, 3])
def test_the_command_writes_the_same_bytes_twice(tmp_path, rng, classes):
    pytest.importorskip("pyarrow")
    csv_file(tmp_path / "data.csv", rng, classes=classes)
    args = ["fit", "data.csv", "--target", "target", "--report"]
    for name in "one.html", "two.html":
        done = command(*args, name, cwd=tmp_path)
        assert done.returncode == 0 and done.stderr == ""
    one, two = ((tmp_path / name).read_bytes() for name in ("one.html", "two.html"))
    assert one == two
    page = checked(one.decode())
    assert done.stdout.endswith("\nReport written to two.html.\n")
    penalty = re.search(r"penalty +(l2 = .*)", done.stdout)[1]
    assert "= 1/n (the default), on standardised" in penalty and penalty in page.text
    accuracy = re.search(r"accuracy +(0\.\d+)", done.stdout)[1]
    for said in accuracy, "32 held-out rows", "median", HOSTILE[0], "null model", "against":
        assert said in page.text, said
    assert len(page.labels) == 5 and page.tags.count("caption") == 2


def test_the_command_checks_the_place_first(tmp_path, rng):
    pytest.importorskip("pyarrow")
    csv_file(tmp_path / "data.csv", rng)
    done = command("fit", "data.csv", "--target", "target", "--report", "no/r.html", cwd=tmp_path)
    assert done.returncode == 1 and "--report no/r.html: there is no directory no" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("width", [420, 1280])
def test_in_a_browser(tmp_path, rng, width):
    """Opened narrow and wide, nothing overflows and the pictures are there."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if browser is None:
        pytest.skip("there is no chromium")
    image = pytest.importorskip("PIL.Image")
    pytest.importorskip("pyarrow")
    csv_file(tmp_path / "data.csv", rng)
    args = ["fit", "data.csv", "--target", "target", "--report", "report.html"]
    assert command(*args, cwd=tmp_path).returncode == 0
    text = (tmp_path / "report.html").read_text("utf-8")
    # a browser's windows are 500 wide at least: a frame may be narrower
    measure = (
        "<script>addEventListener('load', () => { const d = document.documentElement;"
        "document.title = 'width ' + d.scrollWidth + ' of ' + d.clientWidth + ', svg ' + Math.min("
        "...[...document.querySelectorAll('svg')].map(s => s.getBoundingClientRect().width));"
        "parent.postMessage(document.title, '*') })</script>"
    )
    (tmp_path / "inner.html").write_text(text.replace("</body>", f"{measure}</body>"), "utf-8")
    (tmp_path / "outer.html").write_text(
        "<!DOCTYPE html><html><body style='margin:0'><p id='found'></p><script>"
        "addEventListener('message', e => found.textContent = e.data)</script>"
        f"<iframe src='inner.html' style='border:0;width:{width}px;height:6000px'></iframe>",
        "utf-8",
    )
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    options += [f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=5000"]

    def opened(name, *more):
        return subprocess.run(
            [browser, *options, *more, (tmp_path / name).as_uri()],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    found = re.search(
        r"width (\d+) of (\d+), svg ([\d.]+)", opened("outer.html", "--dump-dom").stdout
    )
    assert found is not None and int(found[1]) <= int(found[2]) == width
    assert float(found[3]) > 300
    shot = tmp_path / "shot.png"
    opened("report.html", f"--screenshot={shot}", f"--window-size={max(width, 500)},5000")
    pixels = np.asarray(image.open(shot).convert("RGB")).astype(int)
    blue = (np.abs(pixels - [0, 114, 178]) < 12).all(axis=-1)  # the first colour of the pictures
    assert blue.sum() > 3000
    rows = np.flatnonzero(blue.any(axis=1))
    assert rows.max() - rows.min() > 1000  # in all of them, not in one place
