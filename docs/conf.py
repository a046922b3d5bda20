"""How the site is built; CONTRIBUTING.md has the command, site_tools.py what Sphinx lacks."""

import os
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import fastgd  # noqa: E402

project = "fastgd"
author = copyright = "fastgd developers"
version = release = fastgd.__version__
language = "en"
master_doc = "index"
exclude_patterns = ["_build", "inventories", "course/head_*", "course/*/*.ipynb"]
exclude_patterns += ["gallery/*.ipynb", "sg_execution_times.rst", "gallery/sg_execution_times.rst"]
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.intersphinx",
    "site_tools",
]
needs_sphinx = "8.0"

# Every unresolved reference is a warning, every warning an error (-n -W). Names in single
# backticks, those of parameters too, become links where there is something to link to.
default_role = "soft"

# --- text and notebooks ---------------------------------------------------------------------

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "force"  # nothing remembered: a page shows what this version computes
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True
nb_cell_metadata_key = "mystnb"

# --- docstrings -----------------------------------------------------------------------------

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
napoleon_google_docstring = False
napoleon_use_param = False  # types are said in words, not in names of classes
napoleon_use_rtype = False
napoleon_use_ivar = False

# Inventories lie in the repository, so that a build needs no network. See inventories/README.md.
intersphinx_mapping = {
    name: (address, str(HERE / "inventories" / f"{name}.inv"))
    for name, address in {
        "python": "https://docs.python.org/3/",
        "numpy": "https://numpy.org/doc/stable/",
        "scipy": "https://docs.scipy.org/doc/scipy/",
        "sklearn": "https://scikit-learn.org/stable/",
    }.items()
}

# --- examples -------------------------------------------------------------------------------

extensions.append("sphinx_gallery.gen_gallery")
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"(^|/)make_",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 1e9,  # two builds give the same pages
    "reset_modules": ("matplotlib",),
}

# A character that no font has is an error in chapters and examples alike.
os.environ["PYTHONWARNINGS"] = "error:no installed font has:UserWarning,error:Glyph:UserWarning"
warnings.filterwarnings("error", "no installed font has|Glyph", UserWarning)

# --- looks ----------------------------------------------------------------------------------

html_theme = "furo"
html_title = f"fastgd {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_use_index = False  # an index in tables for looks; the search finds more
html_domain_indices = False
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
# tests/test_site.py computes the contrast of these pairs.
html_theme_options = {
    "light_css_variables": {
        "color-foreground-primary": "#1b1f24",
        "color-foreground-secondary": "#4a525c",
        "color-foreground-muted": "#59626d",
        "color-background-primary": "#ffffff",
        "color-background-secondary": "#f6f7f9",
        "color-brand-primary": "#0b5394",
        "color-brand-content": "#0b5394",
        "color-brand-visited": "#6a3d9a",
    },
    "dark_css_variables": {
        "color-foreground-primary": "#e3e6ea",
        "color-foreground-secondary": "#b4bac2",
        "color-foreground-muted": "#a3aab3",
        "color-background-primary": "#131416",
        "color-background-secondary": "#1a1c1e",
        "color-brand-primary": "#8ab8e6",
        "color-brand-content": "#8ab8e6",
        "color-brand-visited": "#c3a5e0",
    },
}

linkcheck_timeout = 20
