"""What the site needs beyond Sphinx: formulas without a script, chapters, languages, alt texts.

Formulas become MathML, which browsers draw themselves: no network, no script, no pictures. The
course's chapters are copied from the package, which ships them, and get a link to their notebook.
"""

import re
import shutil
from pathlib import Path

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.domains.python import PyXRefRole
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from fastgd import learn

log = logging.getLogger(__name__)

# --- formulas -------------------------------------------------------------------------------


def _mathml(self, node, block):
    tex = node.astext()
    try:
        return tex2mathml(tex, as_block=block)
    except MathError as error:
        log.warning("no MathML for %r: %s", tex, error, location=node)
        return self.encode(tex)


def visit_math(self, node):
    self.body.append(_mathml(self, node, False))
    raise nodes.SkipNode


def visit_displaymath(self, node):
    self.body.append(self.starttag(node, "div", CLASS="math notranslate", tabindex="0"))
    self.body.append(_mathml(self, node, True))
    self.body.append("</div>")
    raise nodes.SkipNode


# --- names in single backticks ---------------------------------------------------------------


class Soft(SphinxRole):
    """A link to the object of that name where the site has one, else code."""

    def run(self):
        made, messages = PyXRefRole(warn_dangling=False)(
            "py:obj", self.rawtext, self.text, self.lineno, self.inliner
        )
        for node in made:
            node["soft"] = True
        return made, messages


def missing_soft(app, env, node, contnode):
    return contnode if node.get("soft") else None


def types_in_words(app, what, name, obj, options, lines):
    """Attributes' types as text: "array of shape (n,)" is no class to look up."""
    for k, line in enumerate(lines):
        if found := re.match(r"(\s+):type: (.*)", line):
            lines[k : k + 1] = ["", f"{found[1]}*{found[2].replace('*', chr(92) + '*')}*", ""]


# --- the course ------------------------------------------------------------------------------

FIRST = "```{code-cell}"
HIDDEN = '```{{code-cell}} python\n:tags: ["remove-cell"]\n{}\n```\n\n'
DOWNLOAD = {"en": "This chapter as a notebook", "zh": "下载本章的 notebook"}


def copy_course(app):
    """Lay the chapters, and each as a notebook, beside the pages that list them."""
    for language, download in DOWNLOAD.items():
        target = Path(app.srcdir, "course", language)
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        head = target.with_name(f"head_{language}.md").read_text(encoding="utf-8")
        names = []
        for chapter in learn.chapters(language):
            written = learn.write(chapter, target)
            link = f"\n\n{{download}}`{download} <{written.name}>`\n"
            text = chapter.path.read_text(encoding="utf-8").rstrip() + link
            text = text.replace(FIRST, HIDDEN.format(learn.speaking(language)) + FIRST, 1)
            (target / chapter.path.name).write_text(text, encoding="utf-8")
            names.append(chapter.path.stem)
        listed = "\n".join(["", "```{toctree}", ":maxdepth: 1", "", *names, "```", ""])
        (target / "index.md").write_text(head + listed, encoding="utf-8")


# --- languages and alt texts -------------------------------------------------------------------


def page_language(app, pagename, templatename, context, doctree):
    if pagename.startswith("course/zh"):
        context["language"] = "zh-CN"


def check_pictures(app, doctree, docname):
    """A picture whose alt text says nothing is a warning, so an error of the build; a thumbnail
    stands beside the title of its example."""
    for image in doctree.findall(nodes.image):
        if len(image.get("alt", "")) < 20 and not image["uri"].endswith("_thumb.png"):
            log.warning("%s needs an alt text that says what it shows", image["uri"],
                        location=image)  # fmt: skip


def setup(app):
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_displaymath, None))
    app.add_role("soft", Soft())
    app.connect("missing-reference", missing_soft, priority=900)
    app.connect("autodoc-process-docstring", types_in_words, priority=900)
    app.connect("builder-inited", copy_course, priority=100)
    app.connect("html-page-context", page_language, priority=100)
    app.connect("doctree-resolved", check_pictures)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
