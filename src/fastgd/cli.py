"""The command line: ``fastgd fit``, ``evaluate``, ``predict``, ``export`` and the others.

Each command computes first (a function of `commands` that returns one plain dict) and writes
afterwards, as text or as JSON. The result goes to standard output, everything else to standard
error. Nothing is coloured.

Exit codes: 0; 1 bad data or file; 2 bad usage; 3 not converged or separated (the results are still
written); 130 interrupted.
"""

import argparse
import contextlib
import json
import math
import os
import sys

from . import arguments, printout

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
        help="fit a model to a CSV or Parquet file and score it on held-out rows",
        description="Fit a logistic regression to a CSV or Parquet file and score it on held-out "
        "rows. Numeric columns: missing numbers become the median, with an indicator column. "
        "Others: levels, against the most frequent one; missing cells are a level. Left out, "
        "by name: columns of one value, whole numbers distinct in every row, text with over 1000 "
        "levels or distinct in more than half its rows.",
    )
    _add_fit(fit)
    fit.set_defaults(run=_run_fit, check=lambda args: _check_fit(fit, args))

    predict = commands.add_parser(
        "predict",
        parents=[common],
        help="predict the rows of a file with a saved model",
        description="Predict the rows of a file, in its order: p_<class> for each class and "
        "predicted. They are written while the file is read, as CSV to standard output unless "
        "--output or --json is given.",
    )
    predict.add_argument(
        "model",
        metavar="MODEL",
        help="a file written by fastgd fit --save, or by save in Python after a fit of a frame",
    )
    predict.add_argument("file", metavar="FILE", help="with the model's columns, in any order")
    predict.add_argument(
        "--output",
        type=_output,
        metavar="FILE",
        help="write to this file, which appears whole or not at all; its name ends in .csv, "
        ".csv.gz, .csv.zst or .parquet",
    )
    predict.add_argument(
        "--append",
        action="store_true",
        help="write the columns of the file too, before the others (those of CSV as text)",
    )
    _add_unseen(predict)
    _add_format(predict)
    _add_json(predict)
    predict.set_defaults(run=_run_predict, check=lambda args: _check_format(predict, args))

    evaluate = commands.add_parser(
        "evaluate",
        parents=[common],
        help="score a saved model on a file that has the target",
        description="Score a saved model on a file that has the target, beside the majority class "
        "and the null model of the rows it was fitted on.",
    )
    evaluate.add_argument("model", metavar="MODEL", help="a file written by fastgd fit --save")
    evaluate.add_argument("file", metavar="FILE", help="with the model's columns and its target")
    _add_unseen(evaluate)
    _add_format(evaluate)
    _add_json(evaluate)
    evaluate.set_defaults(run=_run_evaluate, check=lambda args: _check_format(evaluate, args))

    info = commands.add_parser(
        "info",
        parents=[common],
        help="what this installation runs on, or what a model holds",
        description="Say what this installation runs on or, given a model, what it holds.",
    )
    info.add_argument("model", metavar="MODEL", nargs="?", help="a file written by --save")
    _add_json(info)
    info.set_defaults(run=_run_info)

    export = commands.add_parser(
        "export",
        parents=[common],
        help="a model as C, as Python, as ONNX",
        description="Write a model's probabilities as a function of C or Python, or as ONNX.",
    )
    if command == "export":
        from . import export as exporting

        exporting.add_arguments(export)
        export.set_defaults(run=exporting.run, check=lambda args: exporting.check(export, args))

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
        course.set_defaults(run=learn.run, check=lambda args: learn.check(course, args))

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


def _add_fit(parser):
    add = parser.add_argument
    add("file", metavar="FILE", help="CSV with a header line, or Parquet; -: standard input")
    add("--target", required=True, metavar="COLUMN", help="the column to predict")
    add("--positive", metavar="CLASS", help="of two classes the one whose odds are modelled "
        "(default: the second in sorted order)")  # fmt: skip
    columns = parser.add_argument_group("columns (each option may be repeated)")
    add = columns.add_argument
    for option, text in (
        ("--drop", "leave this column out"),
        ("--keep", "use this column although it would be left out"),
        ("--categorical", "take the numbers in this column as levels"),
    ):
        add(option, action="append", default=[], metavar="COLUMN", help=text)
    add(
        "--reference",
        type=_level,
        action="append",
        default=[],
        metavar="COLUMN=LEVEL",
        help="compare the levels of this column with that one; (missing) is that of missing cells",
    )
    scoring = parser.add_argument_group("scoring")
    add = scoring.add_argument
    add(
        "--test-size",
        type=arguments.number("a share from 0 to below 1", lambda value: 0 <= value < 1),
        metavar="SHARE",
        help="share of the rows held out for scoring, by class (default: 0.2; 0: none)",
    )
    add("--seed", type=arguments.whole(0), default=0, metavar="N", help="which rows are held out "
        "(default: 0); the same seed means the same rows on every machine")  # fmt: skip
    add("--test", type=arguments.file, metavar="FILE", help="fit all rows and score on this file")
    add("--refit", action="store_true", help="after scoring fit once more, to all rows, those "
        "of --test too; the saved model is that one, not the one scored")  # fmt: skip
    _add_unseen(scoring)
    fitting = parser.add_argument_group("fitting")
    add = fitting.add_argument
    add(
        "--l2",
        type=arguments.number("a number that is at least 0", lambda value: value >= 0),
        help="strength of the penalty l2/2 * sum(w^2) beside the mean log loss "
        "(default: 1/n, n the number of rows fitted)",
    )
    add(
        "--no-standardize",
        dest="standardize",
        action="store_false",
        help="penalise numeric columns in their own units, not per standard deviation",
    )
    add(
        "--tol",
        type=arguments.number("a number above 0", lambda value: value > 0),
        default=1e-8,
        help="converged when gap <= tol * null cost (default: 1e-8)",
    )
    add("--max-iter", type=arguments.whole(0), metavar="N", help="most iterations")
    add("--threads", type=arguments.whole(1), metavar="N", help="threads (default: automatic)")
    add = parser.add_argument
    add("--save", type=arguments.file, metavar="MODEL", help="write the fitted model to this file")
    add(
        "--report",
        type=arguments.file,
        metavar="HTML",
        help="write a page with summary and pictures to this file",
    )
    _add_format(parser)
    _add_json(parser)


def _add_format(parser):
    add = parser.add_argument_group("how files are read").add_argument
    add(
        "--sep",
        type=_separator,
        metavar="CHAR",
        help="what separates cells of CSV (default: guessed among , ; tab |)",
    )
    add(
        "--decimal",
        choices=(".", ","),
        default=".",
        metavar="SIGN",
        help="the decimal sign of CSV, . (default) or ,",
    )
    add(
        "--encoding",
        type=_encoding,
        metavar="NAME",
        help="of CSV (default: UTF-8, or what a byte order mark says)",
    )
    add(
        "--na",
        action="append",
        default=[],
        metavar="TEXT",
        help="a cell that means missing, beside empty ones, NA, NaN and null; may be repeated. "
        "A model remembers it",
    )


def _add_unseen(parser):
    parser.add_argument(
        "--unseen",
        choices=("error", "ignore"),
        default="error",
        help="a level not seen when the model was fitted: an error (default), "
        "or ignored, that is taken as the column's reference level",
    )


def _add_json(parser):
    parser.add_argument("--json", action="store_true", help="write one JSON object, not text")


def _separator(text):
    text = {"\\t": "\t", "tab": "\t"}.get(text, text)
    if len(text) != 1 or not text.isascii() or text in '"\r\n':
        raise argparse.ArgumentTypeError(f"{text!r}: wanted one character, or tab")
    return text


def _encoding(text):
    try:
        b" ".decode(text, "replace")
    except (LookupError, ValueError):  # ValueError: a zero byte in the name
        raise argparse.ArgumentTypeError(f"{text!r}: no text encoding of that name") from None
    return text


def _level(text):
    if "=" not in text:
        raise argparse.ArgumentTypeError(f"{text!r}: wanted COLUMN=LEVEL")
    return text


def _output(text):
    from .files import OUTPUTS

    if not text.endswith(OUTPUTS):
        raise argparse.ArgumentTypeError(f"{text!r}: wanted a name in {', '.join(OUTPUTS)}")
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
        if sys.stdout is not None:  # as it is where standard output is closed
            sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader has gone, e.g. `fastgd predict ... | head`.
        _abandon_output()
        return OK
    except (Exception, KeyboardInterrupt) as error:
        if debug:
            raise
        # until Python 3.12 an error within a class body came out as a RuntimeError
        if isinstance(error, KeyboardInterrupt) or isinstance(error.__cause__, KeyboardInterrupt):
            _say("interrupted")
            return INTERRUPTED
        if isinstance(error, OSError) and error.filename is None:
            _abandon_output()  # perhaps it is full
        expected = isinstance(error, (ValueError, OSError, ModuleNotFoundError, MemoryError))
        _say(_spoken(error) if expected else f"internal error: {error!r} (--debug shows where)")
        return DATA_ERROR


def _abandon_output():
    """Keep the interpreter's own flush at exit from complaining of what cannot be written."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _main(argv):
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    command = next((item for item in argv if not item.startswith("-")), None)
    parser = _parser(command)
    try:
        args = parser.parse_args(argv)
        if hasattr(args, "check"):
            args.check(args)
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


def _check_fit(parser, args):
    """Complain about options that contradict each other; what was not said gets its default."""
    if args.test and args.test_size:
        parser.error("--test scores on a file, --test-size on rows held out: give one of them")
    _check_format(parser, args)
    if args.test_size is None:
        args.test_size = 0.0 if args.test else 0.2
    if args.refit and not (args.test_size or args.test):
        parser.error("--refit adds the rows held out for scoring, but none are")
    if args.save and args.report and os.path.abspath(args.save) == os.path.abspath(args.report):
        parser.error(f"--save and --report are both {args.save!r}")


def _check_format(parser, args):
    if args.sep == args.decimal:
        parser.error(f"--sep and --decimal are both {args.sep!r}")


def _say(text):
    if (
        sys.stderr is not None
    ):  # as it is where standard error is closed; print would take the other
        print(f"fastgd: {text}", file=sys.stderr)


def _spoken(error):
    if isinstance(error, OSError) and error.filename is not None:
        return f"{os.fspath(error.filename)}: {error.strerror}"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot write the output: {error.strerror}"
    if isinstance(error, MemoryError):
        return f"not enough memory: {error}" if str(error) else "not enough memory"
    return str(error) or repr(error)


def _json(outcome):
    return json.dumps(_finite(outcome), indent=2, ensure_ascii=False)


def _finite(value):
    """Return `value` with null for what JSON cannot hold: infinities and NaN."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


# ---------------------------------------------------------------- commands


def _run_fit(args):
    from . import commands

    args.progress = sys.stderr is not None and sys.stderr.isatty()
    outcome = commands.fit_file(args)
    _warn(outcome)
    if args.report:
        from . import report

        report.write_outcome(args.report, outcome)
    outcome.pop("kept")  # what a report is made of; it is not for text and JSON
    _print(args, outcome, printout.fit_text)
    good = outcome["fit"]["converged"] and outcome["fit"]["status"] != "separated"
    return OK if good and (outcome["refit"] or {}).get("scored_good", True) else NOT_CONVERGED


def _run_predict(args):
    from . import commands, files

    if sys.stdout is None and not args.output:
        raise ValueError("standard output is closed; --output writes to a file")
    if args.output:
        commands.check_place("--output", args.output, args.model, args.file)
        with files.writer(args.output) as rows:
            outcome = commands.predict_file(args, rows)
        _print(args, outcome, printout.predict_text)
    elif args.json:
        rows = files.JsonRows(sys.stdout, '{\n"predictions": ')
        outcome = commands.predict_file(args, rows)
        rows.close()
        print("," + _json(outcome).removeprefix("{"))
    else:
        outcome = commands.predict_file(args, files.CsvRows(sys.stdout.buffer))
    _warn(outcome)
    return OK


def _run_evaluate(args):
    from . import commands

    outcome = commands.evaluate_file(args)
    _warn(outcome)
    _print(args, outcome, printout.evaluate_text)
    return OK


def _run_info(args):
    if args.model is None:
        import fastgd

        _print(args, fastgd.show_config(), printout.config_text)
    else:
        from . import commands

        _print(args, commands.model_facts(args.model), printout.info_text)
    return OK


def _warn(outcome):
    for text in outcome["warnings"]:
        _say(f"warning: {text}")


def _print(args, outcome, as_text):
    print(_json(outcome) if args.json else as_text(outcome))
