"""The command line: ``fastgd fit``, ``predict``, ``info``, ``bench``.

Each command computes first (a function that returns one plain dict) and writes afterwards, as text
or as JSON. The result goes to standard output, everything else to standard error.

Exit codes: 0; 1 bad data or file; 2 bad usage; 3 not converged or separated (the results are still
written); 130 interrupted.
"""

import argparse
import json
import math
import os
import sys
import time
import warnings

from . import printout
from .errors import DataError

OK, DATA_ERROR, USAGE, NOT_CONVERGED, INTERRUPTED = 0, 1, 2, 3, 130


# ---------------------------------------------------------------- arguments


def _parser(command):
    """Return the parser; benchmarks are imported only if they are the command."""
    parser = argparse.ArgumentParser(
        prog="fastgd",
        description="Logistic regression on tables, with a certified optimum.",
        epilog="exit codes: 0 done, 1 bad data or file, 2 bad usage, "
        "3 not converged or separated (results are written), 130 interrupted",
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show the traceback of an error")

    fit = commands.add_parser(
        "fit",
        parents=[common],
        help="fit a model to a CSV file and score it on held-out rows",
        description="Fit a logistic regression to a CSV file and score it on held-out rows.",
    )
    fit.add_argument(
        "file", metavar="FILE.csv", help="UTF-8, with a header line; -: standard input"
    )
    fit.add_argument("--target", required=True, metavar="COLUMN", help="the column to predict")
    fit.add_argument(
        "--l2",
        type=_number("a number that is at least 0", lambda value: value >= 0),
        help="strength of the penalty l2/2 * sum(w^2) beside the mean log loss "
        "(default: 1/n, n the number of rows fitted)",
    )
    fit.add_argument(
        "--no-standardize",
        dest="standardize",
        action="store_false",
        help="penalise numeric columns in their own units, not per standard deviation",
    )
    fit.add_argument(
        "--test-size",
        type=_number("a share from 0 to below 1", lambda value: 0 <= value < 1),
        default=0.2,
        metavar="SHARE",
        help="share of the rows held out for scoring, by class (default: 0.2; 0: none)",
    )
    fit.add_argument(
        "--seed", type=_whole(0), default=0, metavar="N", help="which rows are held out (default 0)"
    )
    fit.add_argument(
        "--tol",
        type=_number("a number above 0", lambda value: value > 0),
        default=1e-8,
        help="converged when gap <= tol * null cost (default: 1e-8)",
    )
    fit.add_argument("--max-iter", type=_whole(0), metavar="N", help="most iterations")
    fit.add_argument("--threads", type=_whole(1), metavar="N", help="threads (default: automatic)")
    fit.add_argument("--save", metavar="MODEL", help="write the fitted model to this file")
    _add_separator(fit)
    _add_json(fit)
    fit.set_defaults(run=_run_fit)

    predict = commands.add_parser(
        "predict",
        parents=[common],
        help="predict the rows of a CSV file with a saved model",
        description="Predict the rows of a CSV file, as CSV on standard output: "
        "p_<class> for each class and predicted, in the order of the file.",
    )
    predict.add_argument("model", metavar="MODEL", help="a file written by fastgd fit --save")
    predict.add_argument("file", metavar="FILE.csv", help="with the model's columns, in any order")
    predict.add_argument(
        "--unseen",
        choices=("error", "ignore"),
        default="error",
        help="a level not seen when the model was fitted: an error (default), "
        "or ignored, that is taken as the column's reference level",
    )
    _add_separator(predict)
    predict.set_defaults(run=_run_predict)

    info = commands.add_parser(
        "info",
        parents=[common],
        help="what this installation runs on, or what a model holds",
        description="Say what this installation runs on or, given a model, what it holds.",
    )
    info.add_argument("model", metavar="MODEL", nargs="?", help="a file written by --save")
    _add_json(info)
    info.set_defaults(run=_run_info)

    course = commands.add_parser(
        "learn",
        parents=[common],
        help="the course: from the derivative to a trained classifier",
        description="List the chapters of the course, or play one: its text, its code and "
        "what the code shows.",
    )
    if command == "learn":
        from . import learn

        learn.add_arguments(course)
        course.set_defaults(run=learn.run)

    measure = commands.add_parser(
        "bench",
        parents=[common],
        help="measure fastgd on this machine against plain NumPy, or other packages",
        description="Measure fastgd on this machine against plain NumPy, or other packages.",
    )
    if command == "bench":
        from . import bench, peers

        bench.add_arguments(measure)
        measure.set_defaults(run=lambda args: (peers if args.peers else bench).run(args))
    return parser


def _add_separator(parser):
    parser.add_argument(
        "--sep",
        type=_separator,
        metavar="CHAR",
        help="the separator of the file (default: guessed among , ; tab |)",
    )


def _add_json(parser):
    parser.add_argument("--json", action="store_true", help="write one JSON object, not text")


def _number(wanted, allowed):
    def parse(text):
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and allowed(value)):
            raise argparse.ArgumentTypeError(f"{text!r}: wanted {wanted}")
        return value

    return parse


def _whole(least):
    def parse(text):
        if not (text.isascii() and text.isdigit() and int(text) >= least):
            raise argparse.ArgumentTypeError(f"{text!r}: wanted a whole number from {least}")
        return int(text)

    return parse


def _separator(text):
    text = {"\\t": "\t", "tab": "\t"}.get(text, text)
    if len(text) != 1 or not text.isascii() or text in '"\r\n':
        raise argparse.ArgumentTypeError(f"{text!r}: wanted one character, or tab")
    return text


# ---------------------------------------------------------------- the command


def main(argv=None):
    """Run the ``fastgd`` command and return its exit code.

    Parameters
    ----------
    argv : list of str, optional
        The arguments, default those of the process.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    debug = "--debug" in argv
    try:
        code = _main(argv)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader has gone, e.g. `fastgd predict ... | head`; keep the interpreter's own flush
        # at exit from complaining.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        if debug:
            raise
        _say("interrupted")
        return INTERRUPTED
    except Exception as error:
        if debug:
            raise
        expected = isinstance(error, (ValueError, OSError, ModuleNotFoundError, MemoryError))
        _say(_spoken(error) if expected else f"internal error: {error!r} (--debug shows where)")
        return DATA_ERROR


def _main(argv):
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    command = next((item for item in argv if not item.startswith("-")), None)
    parser = _parser(command)
    try:
        args = parser.parse_args(argv)
    except SystemExit as stop:
        return stop.code
    if args.version:
        from ._version import __version__

        print(f"fastgd {__version__}")
        return OK
    if args.command is None:
        parser.print_help(sys.stderr)
        return USAGE
    return args.run(args)


def _say(text):
    print(f"fastgd: {text}", file=sys.stderr)


def _spoken(error):
    if isinstance(error, OSError) and error.filename is not None:
        return f"{os.fspath(error.filename)}: {error.strerror}"
    if isinstance(error, MemoryError):
        return f"not enough memory: {error}" if str(error) else "not enough memory"
    return str(error) or repr(error)


def _print_json(outcome):
    print(json.dumps(_finite(outcome), indent=2, ensure_ascii=False))


def _finite(value):
    """Return `value` with null for what JSON cannot hold: infinities and NaN."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


# ---------------------------------------------------------------- fit


def _run_fit(args):
    if args.save:
        _check_place(args.save, args.file)
    outcome = fit_file(args)
    for text in outcome["warnings"]:
        _say(f"warning: {text}")
    if args.json:
        _print_json(outcome)
    else:
        print(printout.fit_text(outcome))
    fit = outcome["fit"]
    return OK if fit["converged"] and fit["status"] != "separated" else NOT_CONVERGED


def _check_place(path, source):
    """Complain about --save before the fit, not after it."""
    folder = os.path.dirname(path) or "."
    if os.path.isdir(path):
        raise DataError(f"--save {path}: is a directory")
    if not os.path.isdir(folder):
        raise DataError(f"--save {path}: there is no directory {folder}")
    if not os.access(folder, os.W_OK):
        raise DataError(f"--save {path}: the directory {folder} cannot be written to")
    if os.path.exists(path) and os.path.exists(source) and os.path.samefile(path, source):
        raise DataError(f"--save {path}: would overwrite the data")


def fit_file(args):
    """Read, code, split, fit, score and save; return all that is to be said as one dict."""
    import numpy as np

    import fastgd

    from . import coding as codings
    from . import tables

    start = time.perf_counter()
    table = tables.read_csv(args.file, args.sep)
    target = tables.read_target(table, args.target)
    train, test = tables.split(target, args.test_size, args.seed)
    coding = codings.learn(table, args.target, target.rows, train, standardize=args.standardize)
    l2 = 1 / len(train) if args.l2 is None else args.l2
    labels = target.values[train]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = fastgd.fit(
            coding.design(table, train),
            labels if target.classes is None else labels.astype(int),
            l2=l2 * np.square(coding.penalty_scales),
            tol=args.tol,
            max_iter=args.max_iter,
            n_threads=args.threads,
        )
        fit.names = coding.features
        if target.classes is not None:
            fit.classes = np.array(target.classes)
        held_out = None
        if len(test):
            margins = fit.decision_function(coding.design(table, test))
            held_out = _held_out(target, labels, target.values[test], margins)
    known = {
        "target": _target_outcome(target),
        "penalty": {
            "l2": l2,
            "l2_is_default": args.l2 is None,
            "standardized": args.standardize,
        },
        "held_out": held_out,
        "coding": coding.to_dict(),
    }
    if args.save:
        _save(fit, known, args.save)
    return {
        "command": "fit",
        "version": fastgd.__version__,
        "data": _data_outcome(table, target, coding, train, test, args),
        **_model_outcome(fit, coding, known),
        "saved": args.save,
        "seconds_total": time.perf_counter() - start,
        "warnings": list(dict.fromkeys(str(item.message) for item in caught)),
    }


def _data_outcome(table, target, coding, train, test, args):
    from .coding import Numeric, shown_level

    numeric, categorical = [], []
    for column in coding.columns:
        missing = table.text(column.name).null_count
        if isinstance(column, Numeric):
            filled = {"median": column.median, "indicator": column.indicator} if missing else {}
            numeric.append({"name": column.name, "missing": missing, **filled})
        else:
            categorical.append(
                {
                    "name": column.name,
                    "missing": missing,
                    "reference": shown_level(column.reference),
                    "levels": len(column.levels) + 1,
                    "levels_only_held_out": [shown_level(x) for x in column.without_feature],
                }
            )
    return {
        "file": table.source,
        "separator": table.separator,
        "rows": table.n_rows,
        "rows_without_target": table.n_rows - len(train) - len(test),
        "rows_fitted": len(train),
        "rows_held_out": len(test),
        "test_size": args.test_size,
        "seed": args.seed,
        "columns": len(table.names),
        "numeric": numeric,
        "categorical": categorical,
        "left_out": [{"name": name, "reason": reason} for name, reason in coding.left_out],
        "features": len(coding.features),
    }


def _target_outcome(target):
    values = target.values[target.rows]
    positive = float(values.sum())
    counts = [len(values) - positive, positive]
    classes = list(target.classes or ("0", "1"))
    soft = target.classes is None
    return {
        "name": target.name,
        "classes": classes,
        "soft": soft,
        "counts": counts if soft else [int(count) for count in counts],
        "positive": classes[1],
    }


def _model_outcome(fit, coding, known):
    """Return what there is to say of a model, just fitted or loaded."""
    return {
        "target": known["target"],
        "fit": {
            "rows": fit.n_samples,
            "features": fit.n_features,
            **known["penalty"],
            "solver": fit.solver,
            "threads": fit.n_threads,
            "isa": fit.isa,
            "null_cost": fit.null_cost,
            "cost": fit.cost,
            "gap": fit.gap,
            "gap_kind": fit.gap_kind,
            "passes": fit.n_passes,
            "iterations": fit.n_iter,
            "seconds": fit.seconds,
            "converged": bool(fit.converged),
            "status": fit.status,
            "message": fit.message,
        },
        "intercept": float(fit.intercept),
        "coefficients": [
            {"name": name, "raw": raw, "per_sd": raw * scale}
            for name, raw, scale in zip(
                coding.features, fit.coef.tolist(), coding.scales, strict=True
            )
        ],
        "held_out": known["held_out"],
    }


def _held_out(target, trained, y, margins):
    """Score held-out rows; of soft labels only the log loss, the others are for classes."""
    import numpy as np

    rate = float(trained.mean())
    null = np.full(len(y), math.log(rate) - math.log1p(-rate)) if 0 < rate < 1 else None
    outcome = {
        "rows": len(y),
        "model": {"log_loss": _log_loss(y, margins)},
        "null_model": {"log_loss": None if null is None else _log_loss(y, null)},
    }
    if target.classes is not None:
        majority = int(rate >= 0.5)
        share = float(np.mean(y == majority))
        outcome["majority_class"] = {
            "label": target.classes[majority],
            "accuracy": share,
            "log_loss": 0.0 if share == 1 else None,
            "roc_auc": 0.5,
        }
        outcome["null_model"].update(accuracy=share, roc_auc=0.5)
        outcome["model"].update(
            accuracy=float(np.mean((margins > 0) == y)), roc_auc=_roc_auc(y, margins)
        )
    return outcome


def _log_loss(y, margins):
    import numpy as np

    return float(np.mean(np.logaddexp(0, margins) - y * margins))


def _roc_auc(y, margins):
    """Return the chance that a positive row ranks above a negative one; ties count half."""
    import numpy as np

    _, place, counts = np.unique(margins, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    positive = int(y.sum())
    negative = len(y) - positive
    if not positive or not negative:
        return None
    return float((ranks[y == 1].sum() - positive * (positive + 1) / 2) / (positive * negative))


def _save(fit, known, path):
    """Save a fit, and beside it in the same file what is needed to code new tables."""
    from . import modelfile

    metadata, arrays = fit.parts()
    modelfile.write(path, {**metadata, "table": known}, arrays)


# ---------------------------------------------------------------- predict, info


def _load(path):
    """Return (fit, coding, outcome) of a model file, checked."""
    import numpy as np

    from . import modelfile
    from .coding import Coding
    from .result import FitResult

    metadata, arrays = modelfile.read(path)
    known = metadata.get("table")
    if known is None:
        raise DataError(f"{path}: a model without table columns; fastgd fit --save writes them")
    try:
        coding = Coding.from_dict(known["coding"])
        fit = FitResult.from_parts(metadata, arrays)
        if fit.coef.dtype != np.float64 or fit.coef.shape != (len(coding.features),):
            raise ValueError("the coefficients do not match the columns")
        if list(map(type, known["target"]["classes"])) != [str, str]:
            raise ValueError("there are no two classes")
        outcome = {"command": "info", **_model_outcome(fit, coding, known), **known}
        printout.info_text(outcome)  # whatever is missing shows here
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise DataError(f"{path}: damaged model: {error}") from None
    return fit, coding, outcome


def _run_predict(args):
    import csv

    from . import tables
    from .coding import UnseenLevelError

    fit, coding, outcome = _load(args.model)
    classes = outcome["target"]["classes"]
    table = tables.read_csv(args.file, args.sep)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            design = coding.design(table, unseen=args.unseen)
        except UnseenLevelError as error:
            raise DataError(f"{error} (--unseen ignore takes the reference level)") from None
        probabilities = fit.predict_proba(design)
    for item in caught:
        _say(f"warning: {item.message}")
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([*(f"p_{label}" for label in classes), "predicted"])
    writer.writerows((p, q, classes[q > p]) for p, q in probabilities.tolist())
    return OK


def _run_info(args):
    if args.model is None:
        import fastgd

        config = fastgd.show_config()
        if args.json:
            _print_json(config)
        else:
            print(printout.config_text(config))
        return OK
    _, _, outcome = _load(args.model)
    if args.json:
        _print_json(outcome)
    else:
        print(printout.info_text(outcome))
    return OK
