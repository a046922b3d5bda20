"""A report of a fit: one HTML page that needs no network and no script, the same bytes each time.

Nothing is computed here but what the pictures show; there is no clock in it.
"""

import html
import math
import re
import warnings
from io import StringIO

import numpy as np

from . import plot, printout
from .plot import style
from .writing import whole

STYLE = """
:root { --ink: #1b1b1b; --soft: #565656; --paper: #fff; --line: #d5d5d5; --card: #f6f7f9 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececec; --soft: #b4b4b4; --paper: #17191c; --line: #43464b; --card: #22252a }
}
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 66rem; color: var(--ink);
  background: var(--paper); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .5rem }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--line) }
.lead { background: var(--card); padding: .8rem 1rem; border-left: .3rem solid #0072b2; margin: 0 }
.lead.bad { border-color: #d55e00 }
.lead p { margin: .2rem 0 }
.wide { overflow-x: auto }
table { border-collapse: collapse; margin: .4rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .18rem .7rem .18rem 0; vertical-align: top; overflow-wrap: normal }
tr { border-bottom: 1px solid var(--line) }
caption { text-align: left; color: var(--soft); padding-bottom: .3rem; white-space: nowrap }
.numbers th:first-child { text-align: left }
.numbers td, .numbers thead th { text-align: right }
.wide th { white-space: nowrap }
.facts td { overflow-wrap: anywhere }
.facts th { text-align: left; font-weight: 600; white-space: nowrap; padding-right: 1.2rem }
.pictures { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)) }
figure { margin: 0; background: #fff; border: 1px solid var(--line); padding: .4rem }
figure svg { display: block; width: 100%; height: auto; max-width: 48rem; margin: 0 auto }
figcaption { color: #444; font-size: .92rem; padding: .2rem .3rem }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .9rem }
@media print {
  :root { --ink: #000; --soft: #333; --paper: #fff; --line: #bbb; --card: #fff }
  body { max-width: none; font-size: 10pt; padding: 0 } .wide { overflow: visible }
  figure, .lead { break-inside: avoid } h2 { break-after: avoid }
}
"""


def write(path, fit, X, y, *, title=None, names=None, scored=None, outcome=None):
    """Write a page that shows a fit: summary, pictures, how it converged.

    Parameters
    ----------
    path : str or path-like
        An existing file is replaced, whole or not at all.
    fit : FitResult
        With ``record=True`` the page shows how it converged.
    X, y
        What it was fitted on.
    title : str, optional
    names : sequence of str, optional
        Of the features; by default the fit's.
    scored : dict, optional
        ``y``, labels of other rows, and ``probabilities`` (n, K) of them, for the curves.
    outcome : dict, optional
        What ``fastgd fit`` has to say, of the data and of scores.

    Raises
    ------
    ModuleNotFoundError
        Without matplotlib.
    OSError
        If the file cannot be written.
    """
    text = page(fit, X, y, title=title, names=names, scored=scored, outcome=outcome)
    with whole(path) as place, open(place, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def write_outcome(path, outcome):
    """Write the page of what ``fastgd fit`` has done; see `fastgd.commands.fit_file`."""
    kept = outcome["kept"]
    fit, scored = kept["fit"], kept["scored"]
    soft = outcome["target"]["soft"]
    if scored is not None:
        labels = scored["y"] if soft else fit.classes[scored["y"].astype(np.intp)]
        scored = {**scored, "y": labels}
    y = kept["y"] if soft else fit.classes[kept["y"]]
    write(path, fit, kept["X"], y, scored=scored, outcome=outcome)


def page(fit, X, y, *, title=None, names=None, scored=None, outcome=None):
    """The page that `write` writes, as a str; parameters are the same."""
    outcome = outcome or {}
    if title is None:
        target = outcome.get("target")
        title = f"Logistic regression of {target['name']}" if target else "Logistic regression"
    summary, why = _summary(fit, X, y, names)
    bad = not fit.converged or fit.status == "separated"
    lead = "".join(f"<p>{html.escape(line)}</p>" for line in _findings(fit, outcome))
    parts = [
        f'<h1>{html.escape(title)}</h1>\n<div class="lead{" bad" if bad else ""}">{lead}</div>',
        *_scores(scored, fit, outcome),
        *_coefficients(fit, X, names, summary, why),
        *_convergence(fit, outcome),
    ]
    if "data" in outcome:
        parts += ["<h2>Data</h2>", _facts(printout.data_lines(outcome))]
    if outcome.get("warnings"):
        items = "".join(f"<li>{html.escape(text)}</li>" for text in outcome["warnings"])
        parts += ["<h2>Warnings</h2>", f"<ul>{items}</ul>"]
    from ._version import __version__

    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(parts)
        + f"\n</main>\n<footer>fastgd {html.escape(__version__)}</footer>\n</body>\n</html>\n"
    )


# ---------------------------------------------------------------- parts of the page


def _findings(fit, outcome):
    """Sentences that say the result."""
    if fit.status == "separated":
        found = fit.separation
        what = f"{found.rows.sum()} of {fit.n_samples} rows can be fitted perfectly"
        if fit.coef.ndim > 1:
            what = f"in {found.rows.sum()} of {fit.n_samples} rows classes can be told from others"
        moved = f"{len(set().union(*found.columns))} of {fit.n_features}"
        yield (
            f"The classes are separated: {what}, so the cost falls for ever while the coefficients "
            f"of {moved} columns grow. Predictions are those of the limit."
        )
    elif fit.converged:
        yield f"Converged: the cost is at most {fit.gap:.1g} above the lowest possible."
    elif math.isfinite(fit.gap):
        yield f"Not converged: the cost may be {fit.gap:.2g} above the lowest possible."
    else:
        yield "Not converged: how far the cost is above the lowest possible is not known."
    scores = outcome.get("held_out")
    if scores:
        model, rows = scores["model"], scores["rows"]
        which = f"the {rows} rows of {scores['file']}" if scores.get("file") else (
            f"{rows} held-out rows"
        )  # fmt: skip
        text = f"On {which}: log loss {model['log_loss']:.4f}"
        text += f" (null model {scores['null_model']['log_loss']:.4f})"
        if "accuracy" in model:
            text += f", accuracy {model['accuracy']:.4f}"
            text += f" (most frequent class {scores['majority_class']['accuracy']:.4f})"
        if model.get("roc_auc") is not None:
            text += f", area under the ROC curve {model['roc_auc']:.4f}"
        yield text + "."
    elif outcome:
        yield "No rows were held out: nothing is known about predictions on new rows."
    if outcome.get("refit"):
        yield (
            f"Scores are those of a fit on {outcome['refit']['rows_scored']} rows; the model "
            "shown was then fitted on all rows."
        )


def _summary(fit, X, y, names):
    """The summary and None, or None and the reason why there is none."""
    own = fit.names
    try:
        if names is not None:
            fit.names = list(names)
        return fit.summary(X, y), None
    except ValueError as error:
        return None, f"There are no standard errors: {error}."
    finally:
        fit.names = own


def _coefficients(fit, X, names, summary, why):
    yield "<h2>Coefficients</h2>"
    scale = np.asarray(X.std(axis=0), dtype=float) if isinstance(X, np.ndarray) else None
    if fit.coef.shape[-1]:
        with style.detached():
            if summary is not None:
                shown = plot.CoefficientsDisplay.from_summary(summary, scale=scale)
            else:
                shown = plot.CoefficientsDisplay.from_result(fit, names=names, scale=scale)
        size = np.nan_to_num(np.abs(shown.coef), nan=0.0, posinf=math.inf).max(axis=1)
        finding = f"the largest is that of {_one_line(shown.names[int(size.argmax())])}"
        if np.isnan(shown.coef).all():
            finding = "none is determined"
        elif math.isinf(size.max()):
            count = np.isinf(size).sum()
            finding = f"{count} of {len(size)} {'is' if count == 1 else 'are'} infinite"
        if shown.low is not None and np.isfinite(shown.low).any():
            finding += ". A marker is hollow where the interval holds 0, filled where it does not"
        yield _figure(
            shown.figure_, "coefficients", f"Coefficients of standardised features; {finding}."
        )
    if summary is not None:
        yield f'<div class="wide">{summary._repr_html_()}</div>'
    else:
        yield f"<p>{html.escape(why)}</p>"
        labels = ["coefficient"] if fit.coef.ndim == 1 else [str(label) for label in fit.classes]
        yield _numbers(
            "Coefficients in the units of the columns"
            + (", along the way to infinity." if fit.separation is not None else "."),
            ["", *labels],
            [
                [_one_line(name), *(f"{value:.5g}" for value in np.atleast_1d(row))]
                for name, row in zip(shown.names, fit.coef.T, strict=True)
            ],
        )


def _convergence(fit, outcome):
    penalty = printout.penalty_text(outcome["fit"]) if "fit" in outcome else _penalty(fit.l2)
    yield "<h2>How it converged</h2>"
    if fit.history is not None and len(fit.history["cost"]):
        with style.detached():
            shown = plot.ConvergenceDisplay.from_results(fit)
        caption = f"Cost and certified distance from the optimum over {fit.n_passes} passes"
        yield _figure(shown.figure_, "convergence", f"{caption}, by {fit.solver}.")
    gap = f"{fit.gap:.2g}" if math.isfinite(fit.gap) else "no finite bound"
    yield _facts(
        [
            ("status", fit.status if fit.converged else f"{fit.status}, not converged"),
            ("cost", f"{fit.cost:.10g}, null model {fit.null_cost:.10g}"),
            ("gap", f"{gap} ({fit.gap_kind})"),
            ("penalty", penalty),
            ("solver", f"{fit.solver}, {fit.n_iter} iterations, {fit.n_passes} passes"),
            ("rows", f"{fit.n_samples}, {fit.n_features} features"),
            ("message", fit.message),
        ]
    )


def _penalty(l2):
    low, high = float(np.min(l2, initial=math.inf)), float(np.max(l2, initial=0.0))
    if high == 0:
        return "none"
    return f"l2 = {high:.6g}" if low >= high else f"l2 from {low:.6g} to {high:.6g}, by column"


def _scores(scored, fit, outcome):
    found = outcome.get("held_out")
    if not found and scored is None:
        return
    yield "<h2>Predictions</h2>"
    if found:
        columns = {"model": found["model"]}
        if "majority_class" in found:
            columns[f"always {_one_line(found['majority_class']['label'])}"] = found[
                "majority_class"
            ]
        columns["null model"] = found["null_model"]
        rows = []
        for key, label in (
            ("accuracy", "accuracy"), ("log_loss", "log loss"), ("roc_auc", "area under ROC"),
        ):  # fmt: skip
            if key in found["model"]:
                values = [column[key] for column in columns.values()]
                rows.append([label, *("-" if v is None else f"{v:.4f}" for v in values)])
        yield _numbers(
            f"Scores on {found['rows']} rows that were not fitted.", ["", *columns], rows
        )
        counts = found.get("confusion")
        if counts and len(counts) <= 12:
            labels = [_one_line(label) for label in found["classes"]]
            rows = [
                [label, *map(str, row)] for label, row in zip(labels, counts, strict=True)
            ]  # fmt: skip
            yield _numbers("Rows by class (down) and predicted class.", ["", *labels], rows)
    if scored is None:
        return
    if fit.classes is None or not np.isin(scored["y"], fit.classes).all():
        yield "<p>Labels are probabilities: there are no curves of them.</p>"
        return
    if len(np.unique(scored["y"])) < 2:
        yield "<p>These rows are of one class: there are no curves of them.</p>"
        return
    pictures = []
    for display, what in (
        (plot.RocCurveDisplay, "Receiver operating characteristic"),
        (plot.PrecisionRecallDisplay, "Precision and recall"),
        (plot.CalibrationDisplay, "Calibration: shares observed against probabilities predicted"),
    ):
        with style.detached():
            shown = display.from_predictions(
                scored["y"], scored["probabilities"], classes=fit.classes
            )
        number = {
            "RocCurveDisplay": "roc_auc", "PrecisionRecallDisplay": "average_precision"
        }.get(display.__name__)  # fmt: skip
        if number:
            value = getattr(shown, number)
            name = number.replace("roc_auc", "area").replace("_", " ")
            low, high = f"{np.min(value):.4f}", f"{np.max(value):.4f}"
            what += f"; {name} {low}" if low == high else f"; {name} from {low} to {high}"
        else:
            upright = "upright lines are intervals of 95 %, " if len(shown.curves) == 1 else ""
            what += f"; {upright}points of few rows stand alone"
        pictures.append(_figure(shown.figure_, display.__name__, what + "."))
    yield f'<div class="pictures">{"".join(pictures)}</div>'


# ---------------------------------------------------------------- cells and pictures


def _one_line(text, longest=60):
    text = " ".join(str(text).split())
    return text if len(text) <= longest else f"{text[: longest - 23]}...{text[-20:]}"


def _facts(lines):
    rows, before = [], None
    for label, text in lines:
        shown = "" if label == before else label
        rows.append(
            f'<tr><th scope="row">{html.escape(shown)}</th><td>{html.escape(text)}</td></tr>'
        )
        before = label
    return f'<table class="facts">\n{"".join(rows)}\n</table>'


def _numbers(caption, heading, rows):
    head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in heading)
    body = "\n".join(
        f'<tr><th scope="row">{html.escape(row[0])}</th>'
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide"><table class="numbers"><caption>{html.escape(caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>"
    )


def _figure(figure, name, finding):
    """A figure inline, and what it shows in words. Text remains text: a browser has the fonts."""
    out = StringIO()
    with style.context(svg_hashsalt=name, svg_fonttype="none"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # a page must not have an id twice
    text = re.sub(r'(\sid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    label = html.escape(finding)
    text = text.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    return f"<figure>{text}<figcaption>{label}</figcaption></figure>\n"
