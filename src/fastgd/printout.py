"""The outcomes of the command line as plain, aligned text. Nothing is computed here."""

import math
import textwrap
import unicodedata

SHOWN_COEFFICIENTS = 10
SHOWN_NAMES = 12
SHOWN_CLASSES = 8
WIDTH = 88

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_SCORES = (("accuracy", "accuracy"), ("log_loss", "log loss"), ("roc_auc", "ROC AUC"))


def fit_text(outcome):
    """Return the outcome of ``fastgd fit`` as text."""
    data, refit = outcome["data"], outcome["refit"]
    lines = [*_data_lines(data), _target_line(outcome["target"]), *_column_lines(data)]
    fit_lines = list(_fit_lines(outcome["fit"], outcome["seconds_total"]))
    if refit:
        rows = f"all {_count(data['rows_fitted'], 'row')}"
        text = f"on {rows}, after the fit on {refit['rows_scored']} was scored"
        if not refit["scored_good"]:
            text += " (which did not converge, or is separated)"
        fit_lines.insert(0, ("refit", text))
    blocks = [_section("Data", lines), _section("Fit", fit_lines), *_result_blocks(outcome)]
    if outcome["saved"]:
        rows = _count(data["rows_fitted"], "row")
        text = f"Saved to {outcome['saved']}: this model, fitted on {rows}"
        if refit:
            text += f"; the scores are those of the fit on {refit['rows_scored']}"
        elif outcome["held_out"]:
            text += ", the one that was scored"
        blocks.append(f"{text}.")
    if outcome["report"]:
        blocks.append(f"Report written to {outcome['report']}.")
    return "\n\n".join(blocks)


def data_lines(outcome):
    """Return pairs of a label and a text: what was read, and how it was coded."""
    data = outcome["data"]
    return [*_data_lines(data), _target_line(outcome["target"]), *_column_lines(data)]


def info_text(model):
    """Return what a saved model holds as text."""
    columns = model["coding"]["columns"]
    lines = [_target_line(model["target"])]
    for kind in ("numeric", "category"):
        names = [column["name"] for column in columns if column["kind"] == kind]
        if names:
            lines.append((kind, ", ".join(names)))
    if model["missing"]:
        lines.append(("missing", f"{', '.join(model['missing'])}, beside empty, NA, NaN, null"))
    fit_lines = list(_fit_lines(model["fit"]))
    blocks = [_section("Model", lines), _section("Fit", fit_lines), *_result_blocks(model)]
    return "\n\n".join(blocks)


def penalty_text(fit):
    """Return how strong the penalty is, and on which columns."""
    if fit["l2"] == 0:
        return "none (l2 = 0)"
    default = " = 1/n (the default)" if fit["l2_is_default"] else ""
    units = "standardised numeric columns" if fit["standardized"] else "columns in their own units"
    return f"l2 = {fit['l2']:.6g}{default}, on {units}"


def evaluate_text(outcome):
    """Return the outcome of ``fastgd evaluate`` as text."""
    fitted = _count(outcome["scores"]["rows_fitted"], "row")
    lines = [
        ("model", f"{outcome['model']}, fitted on {fitted}"),
        ("file", _file(outcome["file"])),
        ("read", _count(outcome["rows"], "row")),
    ]
    if outcome["rows_without_target"]:
        dropped = _count(outcome["rows_without_target"], "row")
        lines.append(("dropped", f"{dropped} without a target"))
    lines.append(_target_line(outcome["target"], counts=False))
    return "\n\n".join([_section("Data", lines), *_score_blocks(outcome["scores"], "row")])


def predict_text(outcome):
    """Return the outcome of ``fastgd predict`` into a file as text."""
    counts = ", ".join(f"{label}: {count}" for label, count in outcome["predicted"].items())
    return f"{_count(outcome['rows'], 'row')} predicted ({counts}), written to {outcome['output']}"


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
    scores = outcome["held_out"]
    if scores:
        noun = "row" if scores.get("file") else "held-out row"
        other = scores.get("rows_fitted", outcome["fit"]["rows"]) != outcome["fit"]["rows"]
        yield from _score_blocks(scores, noun, scores["rows_fitted"] if other else None)
    if outcome["target"]["positive"] is None:
        yield _coefficients_by_class(outcome)
    else:
        yield _coefficients_text(outcome)


def _file(path):
    return "standard input" if path == "-" else path


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
    yield "file", _file(data["file"])
    read = f"{_count(data['rows'], 'row')}, {_count(data['columns'], 'column')}"
    if data["separator"]:
        read += f", separated by {_SEPARATORS.get(data['separator'], data['separator'])}"
    yield "read", read
    if data["rows_without_target"]:
        yield "dropped", f"{_count(data['rows_without_target'], 'row')} without a target"
    held_out = "none held out"
    fitted = data["rows"] - data["rows_without_target"]
    if data["test_file"]:
        held_out = f"{data['rows_held_out']} of {_file(data['test_file'])} for scoring"
    elif data["rows_held_out"]:
        fitted -= data["rows_held_out"]
        held_out = (
            f"{data['rows_held_out']} held out for scoring "
            f"({100 * data['test_size']:g} % of each class, seed {data['seed']})"
        )
    yield "split", f"{_count(fitted, 'row')} to fit, {held_out}"


def _target_line(target, counts=True):
    name = target["name"]
    if target["soft"]:
        return "target", f"{name}: probabilities (soft labels)"
    shown = target["classes"]
    if counts:
        pairs = zip(shown, target["counts"], strict=True)
        shown = [f"{label} ({count})" for label, count in pairs]
    if target["positive"] is None:
        return "target", f"{name}: {len(shown)} classes: {_names(shown, SHOWN_NAMES)}"
    return "target", f"{name}: {', '.join(shown)}; the positive class is {target['positive']}"


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
        text = f"{column['name']}: {column['levels']} levels, against {_short(column['reference'])}"
        if column["missing"]:
            text += f"; {_count(column['missing'], 'missing cell')} as a level"
        if column["levels_only_held_out"]:
            levels = _names(column["levels_only_held_out"], 3)
            text += f"; {levels} not among the rows to fit, taken as {_short(column['reference'])}"
        yield "category", text
    for column in data["left_out"]:
        yield "left out", f"{column['name']}: {column['reason']}"
    used = len(numeric) + len(categorical)
    yield "features", f"{data['features']} from {_count(used, 'column')}"


def _fit_lines(fit, seconds_total=None):
    yield "penalty", penalty_text(fit)
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


def _score_blocks(scores, noun, fitted=None):
    """Yield the table of scores and that of confusion counts; `fitted` are the rows of the model
    that was scored, if it is another than the one shown."""
    columns = {"model": scores["model"]}
    if "majority_class" in scores:
        majority = scores["majority_class"]
        columns[f"always {_short(majority['label'], 24)}"] = majority
    columns["null model"] = scores["null_model"]
    title = f"Scores on {_count(scores['rows'], noun)}"
    if scores.get("file"):
        title += f" of {_file(scores['file'])}"
    if fitted is not None:
        title += f", by the fit on {fitted}"
    lines = [[title, *columns]]
    counts = scores.get("confusion")
    for key, label in _SCORES:
        if key in scores["model"]:
            if key == "roc_auc" and counts and len(counts) > 2:
                label += ", mean of one class against the rest"
            values = [column.get(key) for column in columns.values()]  # older versions gave fewer
            shown = ["-" if value is None else f"{value:.4f}" for value in values]
            lines.append([f"  {label}", *shown])
    yield _aligned(lines)
    if counts and len(counts) <= SHOWN_CLASSES:
        labels = [_short(label, 24) for label in scores["classes"]]
        lines = [["Counts by class and prediction", *labels]]
        for label, row in zip(labels, counts, strict=True):
            lines.append([f"  {label}", *map(str, row)])
        yield _aligned(lines)


def _coefficients_text(outcome):
    items = outcome["coefficients"]
    largest = sorted(items, key=lambda item: -abs(item["per_sd"]))[:SHOWN_COEFFICIENTS]
    which = f"{len(largest)} largest of {len(items)}" if len(largest) < len(items) else "all"
    target = outcome["target"]
    title = f"Coefficients ({which}) for {target['name']} = {target['positive']}"
    lines = [[title, "raw", "per sd"], *_on_the_way(outcome, 2)]
    for item in largest:
        lines.append([f"  {_short(item['name'])}", f"{item['raw']:.6g}", f"{item['per_sd']:.4f}"])
    lines.append(["  intercept", f"{outcome['intercept']:.6g}", ""])
    return _aligned(lines)


def _coefficients_by_class(outcome):
    """Of each class, per standard deviation; those of one feature sum to zero over the classes.

    Intercepts stay those of the raw columns: a saved model does not know the columns' means.
    """
    items, target = outcome["coefficients"], outcome["target"]
    classes = [_short(label, 12) for label in target["classes"]]
    few = classes[:SHOWN_CLASSES]
    largest = sorted(items, key=lambda item: -max(map(abs, item["per_sd"])))[:SHOWN_COEFFICIENTS]
    which = f"{len(largest)} largest of {len(items)}" if len(largest) < len(items) else "all"
    lines = [[f"Coefficients per sd ({which}) for {target['name']}", *few]]
    lines += _on_the_way(outcome, len(few))
    for item in largest:
        cells = [f"{value:.4f}" for value in item["per_sd"][: len(few)]]
        lines.append([f"  {_short(item['name'])}", *cells])
    cells = [f"{value:.6g}" for value in outcome["intercept"][: len(few)]]
    lines.append(["  intercept (raw units)", *cells])
    text = _aligned(lines)
    if len(few) < len(classes):
        text += f"\n  and {len(classes) - len(few)} classes more (--json has all)"
    return text


def _on_the_way(outcome, columns):
    """Yield a line that says of a separated fit what its coefficients are."""
    if outcome["fit"]["status"] == "separated":
        yield ["  (on the way to a limit that is not finite)", *[""] * columns]


def _aligned(lines):
    """Return rows of cells in columns, the first to the left and the others to the right."""
    widths = [max(map(_columns, column)) for column in zip(*lines, strict=True)]
    rows = []
    for line in lines:
        gaps = [" " * (width - _columns(cell)) for cell, width in zip(line, widths, strict=True)]
        cells = [
            f"{gap}{cell}" if j else f"{cell}{gap}"
            for j, (cell, gap) in enumerate(zip(line, gaps, strict=True))
        ]
        rows.append("  ".join(cells).rstrip())
    return "\n".join(rows)


def _columns(text):
    """Return how many columns of a terminal a text takes: two for a Chinese character or emoji."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) != 0 for char in text)


def _count(n, noun):
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _names(names, limit):
    more = len(names) - limit
    return ", ".join(map(_short, names[:limit])) + (f" and {more} more" if more > 0 else "")


def _short(text, width=48):
    """Return a name on one line, and not longer than `width`."""
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 3] + "..."
