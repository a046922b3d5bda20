"""The built site: what every page must have, whoever reads it and wherever.

Set FASTGD_SITE to a built site to check that one; else it is built here, as CONTRIBUTING.md says.
"""

import ast
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
NEEDED = "sphinx", "myst_nb", "furo", "sphinx_gallery", "ipykernel", "sklearn"
PAGE = 1_000_000  # bytes
CONTRAST = 4.5  # of text, level AA of WCAG 2.1

pytestmark = pytest.mark.slow


def build(target):
    return subprocess.run(
        [sys.executable, *"-m sphinx -q -n -W -E -b html -d".split(),
         target.with_name("doctrees"), DOCS, target],
        capture_output=True, text=True, encoding="utf-8", timeout=480,
    )  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The directory of a built site."""
    if "FASTGD_SITE" in os.environ:
        return Path(os.environ["FASTGD_SITE"])
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        pytest.skip(f"to build the site {', '.join(missing)} would be needed: fastgd[docs]")
    target = tmp_path_factory.mktemp("site") / "html"
    done = build(target)
    assert done.returncode == 0, done.stderr
    return target


class Page(HTMLParser):
    """The elements of a page that the tests ask about: (tag, attributes), and the text."""

    def __init__(self, path):
        super().__init__()
        self.elements, self.open, self.headless, self.text = [], [], 0, []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "table":
            self.open.append(False)
        elif tag == "th" and self.open:
            self.open[-1] = True

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag == "table":
            self.headless += not self.open.pop()

    def handle_data(self, data):
        self.text.append(data)

    def all(self, *tags):
        return [attrs for tag, attrs in self.elements if tag in tags]


@pytest.fixture(scope="module")
def pages(site):
    found = {p.relative_to(site).as_posix(): Page(p) for p in sorted(site.rglob("*.html"))}
    assert "index.html" in found and "guide/certificate.html" in found
    return found


def test_pages_are_small(site):
    sizes = {p.name: p.stat().st_size for p in site.rglob("*.html")}
    assert {name: size for name, size in sizes.items() if size > PAGE} == {}


def test_pictures_say_what_they_show(pages):
    """Those on the page; the thumbnails of examples stand beside their titles."""
    pictures = [
        (name, picture.get("src"), picture.get("alt") or "")
        for name, page in pages.items()
        for picture in page.all("img")
        if "/sphx_glr_" not in picture.get("src", "") or "_thumb" not in picture["src"]
    ]
    assert pictures
    assert [p for p in pictures if len(p[2]) < 20 or "/" in p[2].split(" ")[0]] == []


def test_language(pages):
    for name, page in pages.items():
        wanted = "zh-CN" if name.startswith("course/zh/") else "en"
        assert page.all("html")[0]["lang"] == wanted, name
    chinese = "".join(pages["course/zh/index.html"].text)
    assert re.search("[\u4e00-\u9fff]", chinese)


def test_tables_have_headers(pages):
    for name, page in pages.items():
        assert page.headless == 0, name
    assert sum(len(page.all("th")) for page in pages.values()) > 20


LOADS = dict.fromkeys(["img", "script", "iframe", "source", "video"], "src") | {"link": "href"}
LOADING = {"stylesheet", "icon", "preload", "prefetch", "modulepreload", "manifest"}


def test_nothing_comes_from_the_network(site, pages):
    for name, page in pages.items():
        for tag, attrs in page.elements:
            if tag == "link" and not LOADING & set(attrs.get("rel", "").split()):
                continue
            assert not re.match(r"(https?:)?//", attrs.get(LOADS.get(tag), "") or ""), (name, attrs)
    sheets = list(site.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"(@import|url\()\s*['\"]?(https?:)?//", text), sheet.name


def test_links_within_the_site_arrive(site, pages):
    places = {
        name: {attrs["id"] for _, attrs in page.elements if attrs.get("id")}
        for name, page in pages.items()
    }
    count = 0
    for name, page in pages.items():
        for attrs in page.all("a"):
            to = urlsplit(attrs.get("href", ""))
            if to.scheme or to.netloc or not (to.path or to.fragment):
                continue
            path = (site / name).parent.joinpath(unquote(to.path)) if to.path else site / name
            path = Path(os.path.normpath(path))
            assert path.exists(), (name, attrs["href"])
            inside = os.path.relpath(path, site)
            if to.fragment and inside in places:
                assert unquote(to.fragment) in places[inside], (name, attrs["href"])
            count += 1
    assert count > 100


def test_formulas_are_mathml(pages):
    assert pages["guide/functions.html"].all("math")
    assert not any(re.search(r"\\\(|\\\[", "".join(page.text)) for page in pages.values())


def test_chapters_can_be_downloaded(site, pages):
    """A notebook without outputs for each chapter, with code that is Python."""
    chapters = [n for n in pages if re.match(r"course/(en|zh)/\d\d_", n)]
    notebooks = {p.name: p for p in site.glob("_downloads/*/*.ipynb")}
    for name in chapters:
        links = [unquote(a.get("href", "")) for a in pages[name].all("a")]
        mine = [link for link in links if link.endswith(f"/{Path(name).stem}.ipynb")]
        assert mine, name
        notebook = json.loads(((site / name).parent / mine[0]).read_text(encoding="utf-8"))
        code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
        assert code and not any(cell["outputs"] for cell in code)
        for cell in code:
            ast.parse("".join(cell["source"]))
    assert bool(chapters) == any(re.match(r"\d\d_", n) for n in notebooks)


# --- contrast ----------------------------------------------------------------------------------


def luminance(colour):
    """Relative luminance of "#rgb" or "#rrggbb" (WCAG 2.1)."""
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(2 * c for c in digits)
    parts = [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_contrast_formula():
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_of_the_theme(site, scheme):
    """The colours of text that the pages set, on both of their backgrounds."""
    style = (site / "index.html").read_text(encoding="utf-8")
    bodies = re.findall(r"<style>(.*?)</style>", style, re.DOTALL)
    text = "\n".join(bodies)
    blocks = {
        "light": re.search(r"body\s*\{([^}]*)\}", text)[1],
        "dark": re.search(r'body\[data-theme="dark"\]\s*\{([^}]*)\}', text)[1],
    }
    colours = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-fA-F]{3,6})\b", blocks[scheme]))
    texts = [c for c in colours if c.startswith(("color-foreground", "color-brand"))]
    grounds = [c for c in colours if c.startswith("color-background")]
    assert len(texts) >= 6 and len(grounds) >= 2
    ratios = {(t, g): contrast(colours[t], colours[g]) for t in texts for g in grounds}
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < CONTRAST} == {}


def test_contrast_of_code(site):
    """Every colour of the highlighted code, light and dark, on the background of code."""
    sheet = (site / "_static/pygments.css").read_text(encoding="utf-8")
    light, _, dark = sheet.partition("@media")
    dark = re.sub(r"/\*.*?\*/", "", dark, flags=re.DOTALL)
    for part in (light, dark):
        ground = re.search(r"\.highlight\s*\{[^}]*background:\s*(#\w+)", part)[1]
        colours = set(re.findall(r"\.highlight \.\w+\s*\{[^}]*(?<!-)\bcolor:\s*(#\w+)", part))
        assert colours
        assert {c: contrast(c, ground) for c in colours if contrast(c, ground) < CONTRAST} == {}
