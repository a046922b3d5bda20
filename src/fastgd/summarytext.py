"""A summary as text and as HTML. Nothing is computed here, and nothing depends on the machine."""

import html
import math
import textwrap

import numpy as np

LONGEST = 40  # characters of a name
SHOWN = 120  # rows of a table
WIDTH = 96  # of sentences
OPEN = "not determined"  # how a note begins on what separated classes leave open


def label(summary, i):
    """The name of the i-th parameter, equation by equation."""
    m = len(summary.names)
    name = summary.names[i % m]
    return name if summary.params.ndim == 1 else f"{shown_class(summary.equations[i // m])}: {name}"


def letter(summary):
    """What an estimate over its standard error is called."""
    return "t" if summary.loss == "squared_error" else "z"


def title(summary):
    if summary.loss == "squared_error":
        return "Least squares"
    if summary.params.ndim == 1:
        return (
            f"Logistic regression: class {shown_class(summary.equations[0])} "
            f"against {shown_class(summary.reference)}"
        )
    many = len(summary.equations) + 1
    return f"Logistic regression: {many} classes, against {shown_class(summary.reference)}"


def header(summary):
    """Pairs of a label and a text."""
    squared = summary.loss == "squared_error"
    effective = "effective parameters" if summary.penalized else "parameters"
    left = [
        ("observations", f"{summary.nobs:.10g}"),
        (effective, f"{summary.n_params:.6g}"),
        ("residual df", f"{summary.df_resid:.{6 if summary.penalized else 10}g}"),
        ("log-likelihood", f"{summary.llf:.6f}"),
        ("null log-likelihood", f"{summary.llnull:.6f}"),
        ("deviance", wide(summary.deviance)),
        ("null deviance", wide(summary.null_deviance)),
    ]
    right = [("AIC", wide(summary.aic)), ("BIC", wide(summary.bic))]
    ratio = wide(round(summary.llr, 9))
    if not summary.penalized:
        ratio += f" on {summary.df_model:g} df"
    right.append(("likelihood ratio", ratio))
    if not summary.penalized:
        right.append(("its p-value", probability(summary.llr_pvalue)))
    if squared:
        right.append(("R squared", f"{summary.rsquared:.5f}"))
        right.append(("sigma squared", f"{summary.scale:.6g}"))
    else:
        right += [
            ("R2, McFadden", f"{summary.prsquared:.5f}"),
            ("R2, Cox and Snell", f"{summary.cox_snell:.5f}"),
            ("R2, Nagelkerke", f"{summary.nagelkerke:.5f}"),
        ]
    return left, right


def remarks(summary):
    """Sentences on how the numbers came about."""
    kind = {"nonrobust": "from the information matrix", "HC0": "HC0 (robust)",
            "HC1": "HC1 (robust), n / (n - k)", "stata": "robust as Stata's, n / (n - 1)",
            "cluster": f"by {summary.groups} clusters"}[summary.cov_type]  # fmt: skip
    if summary.penalized and summary.cov_type == "nonrobust":
        kind = "inv(H) I inv(H), H the Hessian with and I that without the penalty"
    if summary.cov_type not in ("nonrobust", "HC0"):
        kind += f", times {summary.factor:.6g}"
    if np.isfinite(summary.bse).any():
        yield f"Covariance: {kind}."
    if summary.weights == "sampling":
        yield "Weights are those of a sample: the covariance is robust."
    if summary.outcome:
        yield f"Fit: {summary.outcome}."
    if 0.01 < summary.distance < math.inf:
        yield (
            f"Estimates may be up to {summary.distance:.1g} standard errors from the optimum; a "
            "fit with a smaller tol brings them closer."
        )
    if summary.penalized:
        yield (
            "With a penalty estimates are biased towards zero, so z and p would mean nothing; "
            "conf_int() gives intervals."
        )
    infinite, left_open = (
        sum(why.startswith(start) for why in summary.notes.values()) for start in ("infinite", OPEN)
    )
    if infinite == summary.params.size:
        yield "The classes are separated: all estimates are infinite."
    elif infinite or left_open:
        yield (
            "The classes are separated: an estimate is infinite where it must be to come near the "
            "infimum of the cost; those with a standard error come from the rows that are not."
        )
    for i, why in list(summary.notes.items())[:SHOWN]:
        if not why.startswith("infinite"):
            yield f"{short(label(summary, i))} is {why}."


def table(summary, intervals):
    """Cells of the parameters, a list for each row, a heading first."""
    ratio = letter(summary)
    heading = ["", "coef", "std err", ratio, f"P>|{ratio}|"]
    if intervals:
        heading += list(ends(summary.level))
    rows = [heading]
    m = len(summary.names)
    params, errors = summary.params.ravel("F"), summary.bse.ravel("F")
    t, p = summary.tvalues.ravel("F"), summary.pvalues.ravel("F")
    interval = summary.conf_int()
    if interval.ndim == 3:
        interval = interval.transpose(1, 0, 2).reshape(-1, 2)
    for i in range(min(len(params), SHOWN)):
        if i % m == 0 and len(params) > m:
            rows.append([f"class {shown_class(summary.equations[i // m])}"])
        cells = [short(summary.names[i % m]), figure(params[i]), figure(errors[i])]
        cells += [blank(t[i], ".3f"), "" if np.isnan(p[i]) else probability(p[i])]
        if intervals:
            cells += [figure(interval[i, 0]), figure(interval[i, 1])]
        if i in summary.notes:
            why, rest = summary.notes[i], [""] * (len(cells) - 3)
            if why.startswith(OPEN):
                cells[1:] = ["", OPEN, *rest]
            else:
                cells[2:] = ["separated" if why.startswith("infinite") else "aliased", *rest]
        rows.append(cells)
    return rows


def more(summary):
    left = summary.params.size - SHOWN
    return f"... and {left} more: to_frame() has all." if left > 0 else ""


def text(summary):
    """The summary as plain text."""
    left, right = header(summary)
    cells = [
        (*(left[i] if i < len(left) else ("", "")), *(right[i] if i < len(right) else ("", "")))
        for i in range(max(len(left), len(right)))
    ]
    widths = [max(len(row[j]) for row in cells) for j in range(4)]
    head = [
        f"  {a:<{widths[0]}}  {b:>{widths[1]}}    {c:<{widths[2]}}  {d:>{widths[3]}}".rstrip()
        for a, b, c, d in cells
    ]
    blocks = ["\n".join([title(summary), *head]), aligned(table(summary, not summary.penalized))]
    if more(summary):
        blocks[-1] += f"\n  {more(summary)}"
    return "\n\n".join([*blocks, "\n".join(wrapped(remarks(summary)))])


def page(summary):
    """The summary as HTML; where there is little room, its facts go below each other."""
    escape = html.escape
    parts = [
        f"<p><b>{escape(title(summary))}</b></p>",
        '<div style="display:flex;flex-wrap:wrap;align-items:flex-start;column-gap:2em">',
    ]
    for facts in header(summary):
        rows = (f"<tr>{cell(a, 'th', 'left')}{cell(b, 'td', 'right')}</tr>" for a, b in facts)
        parts += ["<table>", *rows, "</table>"]
    parts += ["</div>", *html_table(filled(table(summary, not summary.penalized)))]
    lines = [*([more(summary)] if more(summary) else []), *remarks(summary)]
    return "\n".join([*parts, f"<p>{'<br>'.join(escape(line) for line in lines)}</p>"])


def effects_table(effects):
    """Cells of the effects, a list for each row, a heading first."""
    rows = [["", "dy/dx", "std err", "z", "P>|z|", *ends(effects.level)]]
    arrays = [effects.margeff, effects.margeff_se, effects.tvalues, effects.pvalues]
    arrays += [effects.conf_int()[..., 0], effects.conf_int()[..., 1]]
    d, cells = len(effects.names), zip(*(a.ravel("F").tolist() for a in arrays), strict=True)
    for i, (effect, error, z, p, low, high) in enumerate(cells):
        if i == SHOWN:
            break
        if i % d == 0 and effects.margeff.ndim == 2:
            rows.append([f"class {shown_class(effects.classes[i // d])}"])
        name = short(effects.names[i % d])
        shown = [figure(effect), figure(error), blank(z, ".3f"), probability(p)]
        rows.append([name, *shown, figure(low), figure(high)])
    return rows


def effects_text(effects):
    """Marginal effects as plain text."""
    where = "mean over the rows" if effects.at == "overall" else "at the mean row"
    whose = "each class"
    if effects.margeff.ndim == 1:
        whose = f"class {shown_class(effects.classes[0])}"
    lines = [f"Marginal effects on the probability of {whose}, {where}", ""]
    lines.append(aligned(effects_table(effects)))
    left = effects.margeff.size - SHOWN
    return "\n".join(lines) + (f"\n  ... and {left} more: to_frame() has all." if left > 0 else "")


def effects_page(effects):
    """Marginal effects as HTML."""
    return "\n".join(html_table(effects_table(effects)))


# --- cells


def probability(p, equals=""):
    return "<1e-4" if p < 1e-4 else "" if math.isnan(p) else f"{equals}{p:.4f}"


def figure(x):
    """Five significant digits."""
    if math.isnan(x):
        return "nan"
    if math.isinf(x):
        return "inf" if x > 0 else "-inf"
    return f"{x:#.5g}".removesuffix(".")


def shown_class(label):
    """A class in print: whole numbers without a point."""
    whole = isinstance(label, float) and label.is_integer()
    return str(int(label)) if whole else short(str(label))


def wide(x):
    return f"{x:.3f}" if abs(x) >= 100 else f"{x:.6g}"


def blank(x, form):
    return "" if math.isnan(x) else format(x, form)


def ends(level):
    """Headings of an interval."""
    tail = (1 - level) / 2
    return f"[{tail:.6g}", f"{1 - tail:.6g}]"


def short(name):
    """On one line; a long name keeps both its ends: what tells it from others may be at either."""
    name = " ".join(name.split())
    if len(name) <= LONGEST:
        return name
    half = (LONGEST - 3) // 2
    return f"{name[: LONGEST - 3 - half]}...{name[-half:]}"


def wrapped(sentences):
    for sentence in sentences:
        yield from textwrap.wrap(sentence, WIDTH, break_long_words=False)


def aligned(rows):
    """Rows of cells in columns, the first to the left and the others to the right."""
    full = [row for row in rows if len(row) > 1]
    widths = [max(len(row[j]) for row in full) for j in range(len(full[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=False)]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return "\n".join(lines)


def filled(rows):
    """Rows of cells without the columns that are empty below their heading."""
    kept = [any(row[j] for row in rows[1:] if len(row) > 1) for j in range(1, len(rows[0]))]
    kept = [True, *kept]
    return [[text for text, keep in zip(row, kept, strict=False) if keep] for row in rows]


def cell(text, tag, align, span=1):
    wide = f' colspan="{span}"' if span > 1 else ""
    return f'<{tag}{wide} style="text-align:{align}">{html.escape(text)}</{tag}>'


def html_table(rows):
    yield "<table>"
    for row in rows:
        span = len(rows[0]) if len(row) == 1 else 1
        inner = "".join(
            cell(text, "td" if j and row is not rows[0] else "th", "right" if j else "left", span)
            for j, text in enumerate(row)
        )
        yield f"<tr>{inner}</tr>"
    yield "</table>"
