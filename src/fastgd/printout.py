"""The outcomes of the command line as plain, aligned text. Nothing is computed here."""

import math
import textwrap

SHOWN_COEFFICIENTS = 10
SHOWN_NAMES = 30
WIDTH = 88

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_SCORES = (("accuracy", "accuracy"), ("log_loss", "log loss"), ("roc_auc", "ROC AUC"))


def fit_text(outcome):
    """Return the outcome of ``fastgd fit`` as text."""
    data = outcome["data"]
    lines = [*_data_lines(data), _target_line(outcome["target"]), *_column_lines(data)]
    fit_lines = list(_fit_lines(outcome["fit"], outcome["seconds_total"]))
    blocks = [_section("Data", lines), _section("Fit", fit_lines), *_result_blocks(outcome)]
    if outcome["saved"]:
        rows = _count(data["rows_fitted"], "row")
        blocks.append(f"Saved to {outcome['saved']}: this model, fitted on {rows}.")
    return "\n\n".join(blocks)


def info_text(model):
    """Return what a saved model holds as text."""
    columns = model["coding"]["columns"]
    lines = [_target_line(model["target"])]
    for kind in ("numeric", "category"):
        names = [column["name"] for column in columns if column["kind"] == kind]
        if names:
            lines.append((kind, ", ".join(names)))
    fit_lines = list(_fit_lines(model["fit"]))
    blocks = [_section("Model", lines), _section("Fit", fit_lines), *_result_blocks(model)]
    return "\n\n".join(blocks)


def config_text(config):
    """Return what ``fastgd.show_config`` says as text."""
    labels = {
        "version": "fastgd version",
        "isa": "instruction set in use",
        "isas": "instruction sets of this processor",
        "processors": "processors this process may use",
        "n_threads": "threads used by default",
        "numpy": "NumPy version",
    }
    width = max(map(len, labels.values()))
    lines = []
    for key, value in config.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        lines.append(f"{labels.get(key, key):<{width}}  {shown}")
    return "\n".join(lines)


def _result_blocks(outcome):
    if outcome["held_out"]:
        yield _scores_text(outcome["held_out"])
    yield _coefficients_text(outcome)


def _section(title, lines):
    """Return labelled texts, wrapped and aligned; a label is written once, on its first line."""
    rows = [title]
    before = None
    for label, text in lines:
        shown = "" if label == before else label
        for part in textwrap.wrap(text, WIDTH - 13, break_on_hyphens=False, break_long_words=False):
            rows.append(f"  {shown:<11}{part}")
            shown = ""
        before = label
    return "\n".join(rows)


def _data_lines(data):
    separator = _SEPARATORS.get(data["separator"], data["separator"])
    yield "file", data["file"]
    yield (
        "read",
        f"{_count(data['rows'], 'row')}, {_count(data['columns'], 'column')}, "
        f"separated by {separator}",
    )
    if data["rows_without_target"]:
        yield "dropped", f"{_count(data['rows_without_target'], 'row')} without a target"
    held_out = "none held out"
    if data["rows_held_out"]:
        held_out = (
            f"{data['rows_held_out']} held out for scoring "
            f"({100 * data['test_size']:g} % of each class, seed {data['seed']})"
        )
    yield "split", f"{_count(data['rows_fitted'], 'row')} to fit, {held_out}"


def _target_line(target):
    if target["soft"]:
        return "target", f"{target['name']}: probabilities (soft labels)"
    counts = zip(target["classes"], target["counts"], strict=True)
    shown = ", ".join(f"{label} ({count})" for label, count in counts)
    return "target", f"{target['name']}: {shown}; the positive class is {target['positive']}"


def _column_lines(data):
    numeric, categorical = data["numeric"], data["categorical"]
    if numeric:
        names = _names([column["name"] for column in numeric], SHOWN_NAMES)
        yield "numeric", f"{_count(len(numeric), 'column')}: {names}"
    for column in numeric:
        if column["missing"]:
            also = ", and an indicator column added" if column["indicator"] else ""
            yield (
                "filled",
                f"{column['name']}: {_count(column['missing'], 'missing number')} "
                f"by the median {column['median']:g}{also}",
            )
    for column in categorical:
        text = f"{column['name']}: {column['levels']} levels, against {column['reference']}"
        if column["missing"]:
            text += f"; {_count(column['missing'], 'missing cell')} as a level"
        if column["levels_only_held_out"]:
            levels = _names(column["levels_only_held_out"], 3)
            text += f"; {levels} not among the rows to fit, taken as {column['reference']}"
        yield "category", text
    for column in data["left_out"]:
        yield "left out", f"{column['name']}: {column['reason']}"
    used = len(numeric) + len(categorical)
    yield "features", f"{data['features']} from {_count(used, 'column')}"


def _fit_lines(fit, seconds_total=None):
    default = " = 1/n (the default)" if fit["l2_is_default"] else ""
    if fit["l2"] == 0:
        yield "penalty", "none (l2 = 0)"
    elif fit["standardized"]:
        yield "penalty", f"l2 = {fit['l2']:.6g}{default}, on standardised numeric columns"
    else:
        yield "penalty", f"l2 = {fit['l2']:.6g}{default}, on columns in their own units"
    yield "null cost", f"{fit['null_cost']:.8g}"
    penalty = " and penalty" if fit["l2"] else ""
    yield "final cost", f"{fit['cost']:.8g} (mean log loss{penalty})"
    if fit["gap"] is None or not math.isfinite(fit["gap"]):
        yield "gap", "no finite bound"
    else:
        yield "gap", f"{fit['gap']:.2g}: the lowest possible cost is at most this much lower"
    threads = _count(fit["threads"], "thread")
    yield "solver", f"{fit['solver']}, {threads}, instruction set {fit['isa']}"
    yield "passes", f"{fit['passes']} over the data, in {_count(fit['iterations'], 'iteration')}"
    total = "" if seconds_total is None else f" ({seconds_total:.2g} with reading and scoring)"
    yield "seconds", f"{fit['seconds']:.2g}{total}"
    state = "yes" if fit["converged"] else "no"
    if fit["status"] != "converged":
        state += f", {fit['status']}"
    message = fit["message"].removeprefix("converged ")
    yield "converged", f"{state}: {message}" if message else state


def _scores_text(scores):
    columns = {"model": scores["model"]}
    if "majority_class" in scores:
        columns[f"always {scores['majority_class']['label']}"] = scores["majority_class"]
    columns["null model"] = scores["null_model"]
    lines = [[f"Scores on {_count(scores['rows'], 'held-out row')}", *columns]]
    for key, label in _SCORES:
        if key in scores["model"]:
            values = [column[key] for column in columns.values()]
            shown = ["-" if value is None else f"{value:.4f}" for value in values]
            lines.append([f"  {label}", *shown])
    return _aligned(lines)


def _coefficients_text(outcome):
    items = outcome["coefficients"]
    largest = sorted(items, key=lambda item: -abs(item["per_sd"]))[:SHOWN_COEFFICIENTS]
    which = f"{len(largest)} largest of {len(items)}" if len(largest) < len(items) else "all"
    target = outcome["target"]
    title = f"Coefficients ({which}) for {target['name']} = {target['positive']}"
    lines = [[title, "raw", "per sd"]]
    for item in largest:
        lines.append([f"  {_short(item['name'])}", f"{item['raw']:.6g}", f"{item['per_sd']:.4f}"])
    lines.append(["  intercept", f"{outcome['intercept']:.6g}", ""])
    return _aligned(lines)


def _aligned(lines):
    """Return rows of cells in columns, the first to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if j else cell.ljust(width)
            for j, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _count(n, noun):
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _names(names, limit):
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")


def _short(text, width=48):
    return text if len(text) <= width else text[: width - 3] + "..."
