"""What the commands do: each computes one plain dict, and prints nothing."""

import os
import time
import warnings
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

import fastgd

from . import coding as codings
from . import files, modelfile, saved, scores, tablemodel, targets
from .errors import DataError
from .functional import in_names
from .tables import pyarrow


def form_of(args, missing=()):
    """Return how the files of a command are to be read; `missing` are cells of the model."""
    missing = tuple(dict.fromkeys([*missing, *args.na]))
    return files.Format(args.sep, args.decimal, args.encoding, missing)


@contextmanager
def _warnings_kept():
    """Collect the sentences of all warnings; those of one column's unseen levels become one."""
    said, unseen = [], {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield said
    for item in caught:
        if isinstance(item.message, codings.UnseenLevelWarning):
            name = item.message.column
            unseen[name] = unseen[name] + item.message if name in unseen else item.message
    said += dict.fromkeys(
        str(item.message)
        for item in caught
        if not isinstance(item.message, codings.UnseenLevelWarning)
    )
    said += map(str, unseen.values())


def check_place(option, path, *sources):
    """Complain about a file to be written before the work, not after it."""
    folder = os.path.dirname(path) or "."
    if os.path.isdir(path):
        raise DataError(f"{option} {path}: is a directory")
    if not os.path.isdir(folder):
        raise DataError(f"{option} {path}: there is no directory {folder}")
    if not os.access(folder, os.W_OK):
        raise DataError(f"{option} {path}: the directory {folder} cannot be written to")
    for source in sources:
        if source and all(map(os.path.exists, (path, source))) and os.path.samefile(path, source):
            raise DataError(f"{option} {path}: would overwrite {source}, which is read")


# ---------------------------------------------------------------- fit


def fit_file(args):
    """Read, code, split, fit, score, fit again if asked to, and save.

    Returns
    -------
    dict
        All that is to be said, for text and JSON alike, and under ``"kept"``, not for JSON, what
        it was made of: ``fit``, a FitResult; ``X`` and ``y``, what it was fitted on (classes by
        number); ``scored``, None or a dict with ``y`` and ``probabilities`` of the rows scored.
        After ``--refit`` these rows are among those fitted.
    """
    start = time.perf_counter()
    if args.save:
        check_place("--save", args.save, args.file, args.test)
    if args.report:
        check_place("--report", args.report, args.file, args.test)
    with _warnings_kept() as said:
        table = files.read(args.file, form_of(args))
        target = targets.read_target(table, args.target, args.positive)
        choices = codings.Choices.read(
            table,
            target.name,
            drop=args.drop,
            keep=args.keep,
            categorical=args.categorical,
            references=args.reference,
        )
        share = 0.0 if args.test else args.test_size
        train, test = targets.split(target, share, args.seed)
        coding = _learned(args, table, target, train, choices)
        _warn_of_copies(table, coding, target)
        other = files.read(args.test, form_of(args)) if args.test else None
        y, design = _rows_to_score(args, table, target, coding, test, other)
        model, kept = _fitted(args, table, target, train, coding)
        if len(y):
            z, p = model.apply(design)
            found = scores.Tally(model.classes).add(y, z, p).beside(model.target["fitted"])
            model = replace(model, scores={**found, "file": args.test, "rows_fitted": len(train)})
            kept["scored"] = {"y": y, "probabilities": p}
        refit, whole = None, table
        if args.refit:
            refit = {"rows_scored": len(train), "scored_good": is_good(model.fit)}
            known, left_out = target, ()
            if other is not None:  # the same columns, with the rows of both files
                whole, left_out = (
                    table.joined(other, [target.name, *model.columns]),
                    coding.left_out,
                )
                known = targets.read_target(whole, target.name, args.positive)
            coding = _learned(args, whole, known, known.rows, choices)
            coding = replace(coding, left_out=(*left_out, *coding.left_out))
            again, materials = _fitted(args, whole, known, known.rows, coding)
            model, kept = replace(again, scores=model.scores), {**kept, **materials}
        if args.save:
            model.save(args.save)
    return {
        "command": "fit",
        "version": fastgd.__version__,
        "data": {
            "file": args.file,
            "separator": table.separator,
            "rows": table.n_rows,
            "rows_without_target": table.n_rows - len(target.rows),
            "rows_fitted": model.fit.n_samples,
            "rows_held_out": len(y),
            "test_size": share,
            "test_file": args.test,
            "seed": args.seed,
            "columns": len(table.names),
            **_column_facts(whole, coding),
        },
        **model.facts(),
        "refit": refit,
        "saved": args.save,
        "report": args.report,
        "seconds_total": time.perf_counter() - start,
        "warnings": said,
        "kept": {"scored": None, **kept},
    }


def is_good(fit):
    """Whether a fit ended at an optimum, and there is one."""
    return bool(fit.converged) and fit.status != "separated"


def _learned(args, table, target, train, choices):
    return codings.learn(
        table, target.name, target.rows, train, standardize=args.standardize, choices=choices
    )


def _warn_of_copies(table, coding, target):
    for name in codings.copies(table, coding, target):
        warnings.warn(
            f"{table.source}: column {name!r} says the same as the target {target.name!r} in every "
            f"row; unless it is known before the target is, leave it out (--drop {name})",
            stacklevel=2,
        )


def _rows_to_score(args, table, target, coding, test, other):
    """Return labels and design of the rows held out, before the fit: what is wrong in a file of
    them should not show after it."""
    if other is None:
        return target.values[test], coding.design(table, test) if len(test) else None
    labels = targets.read_labels(other, target.name, target.classes)
    if not len(labels.rows):
        raise DataError(f"{other.source}: target {target.name!r} has no values")
    with _hint_at_unseen():
        return labels.values[labels.rows], coding.design(other, labels.rows, unseen=args.unseen)


def _fitted(args, table, target, rows, coding):
    """Fit these rows; return the TableModel, and the objects that a report needs."""
    y = target.values[rows] if target.classes is None else target.values[rows].astype(np.intp)
    X = coding.design(table, rows)
    l2 = 1 / len(rows) if args.l2 is None else args.l2
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = fastgd.fit(
            X,
            y,
            l2=l2 * np.square(coding.penalty_scales),
            tol=args.tol,
            max_iter=args.max_iter,
            n_threads=args.threads,
            record=bool(args.report),
            progress=args.progress,
        )
    fit.message = _in_options(
        in_names(fit.message, fit.separation, coding.features, target.classes or ())
    )
    for item in caught:
        text = _in_options(
            in_names(str(item.message), fit.separation, coding.features, target.classes or ())
        )
        warnings.warn(text, item.category, stacklevel=2)
    fit.names = coding.features
    if target.classes is not None:
        fit.classes = np.array(target.classes)
    classes = list(target.classes or ("0", "1"))
    known = {
        "name": target.name,
        "classes": classes,
        "soft": target.classes is None,
        "counts": target.counts(target.rows),
        "fitted": target.counts(rows),
        "positive": classes[1] if len(classes) == 2 else None,
    }
    penalty = {"l2": l2, "l2_is_default": args.l2 is None, "standardized": args.standardize}
    model = tablemodel.TableModel(fit, coding, known, penalty, tuple(args.na))
    return model, {"fit": fit, "X": X, "y": y}


def _in_options(text):
    """Return what a fit says with the name of the option in place of the argument's."""
    return text.replace("raise max_iter", "raise --max-iter")


def _column_facts(table, coding):
    numeric, categorical = [], []
    for column in coding.columns:
        missing = table.n_missing(column.name)
        if isinstance(column, codings.Numeric):
            filled = {"median": column.median, "indicator": column.indicator} if missing else {}
            numeric.append({"name": column.name, "missing": missing, **filled})
        else:
            categorical.append(
                {
                    "name": column.name,
                    "missing": missing,
                    "reference": codings.shown_level(column.reference),
                    "levels": len(column.levels) + 1,
                    "levels_only_held_out": [
                        codings.shown_level(level) for level in column.without_feature
                    ],
                }
            )
    return {
        "numeric": numeric,
        "categorical": categorical,
        "left_out": [{"name": name, "reason": reason} for name, reason in coding.left_out],
        "features": len(coding.features),
    }


# ---------------------------------------------------------------- saved models


@contextmanager
def _hint_at_unseen():
    try:
        yield
    except codings.UnseenLevelError as error:
        raise DataError(f"{error} (--unseen ignore takes the reference level)") from None


def _to_predict(path):
    """Read a model that this command or Python saved."""
    if "table" in modelfile.read(path)[0]:
        return tablemodel.TableModel.load(path)
    return tablemodel.TableModel.of_saved(saved.load(path), path)


def evaluate_file(args):
    """Score a saved model on a file that has the target; return what is to be said."""
    model = tablemodel.TableModel.load(args.model)
    target = model.target["name"]
    tally, rows = scores.Tally(model.classes), 0
    with _warnings_kept() as said, _hint_at_unseen():
        columns = [target, *model.columns]
        form = form_of(args, model.missing)
        for table, _ in files.batches(args.file, form, columns, model.batch_rows):
            found = targets.read_labels(table, target, model.classes)
            rows += table.n_rows
            if len(found.rows):
                z, p = model.apply(model.coding.design(table, found.rows, unseen=args.unseen))
                tally.add(found.values[found.rows], z, p)
    if not tally.rows:
        raise DataError(f"{args.file}: target {target!r} has no values")
    return {
        "command": "evaluate",
        "version": fastgd.__version__,
        "model": args.model,
        "file": args.file,
        "rows": rows,
        "rows_without_target": rows - tally.rows,
        "target": model.target,
        "scores": {
            **tally.beside(model.target["fitted"]),
            "file": args.file,
            "rows_fitted": model.fit.n_samples,
        },
        "warnings": said,
    }


def predict_file(args, rows):
    """Predict the rows of a file with a saved model, in batches, in its order.

    Parameters
    ----------
    args : namespace
    rows : object
        Its ``write`` takes a dict of names to Arrow arrays: the inputs, if they are to be kept, a
        column ``p_<class>`` for each class, and ``predicted``.

    Returns
    -------
    dict
        What is to be said.
    """
    pa = pyarrow()
    model = _to_predict(args.model)
    classes = model.target["classes"]
    labels = pa.array(classes, pa.large_string())
    counts = np.zeros(len(classes), np.intp)
    columns = None if args.append else model.columns
    with _warnings_kept() as said, _hint_at_unseen():
        form = form_of(args, model.missing)
        for table, raw in files.batches(args.file, form, columns, model.batch_rows):
            p = model.probabilities(model.design(table, unseen=args.unseen))
            codes = p.argmax(axis=1)
            counts += np.bincount(codes, minlength=len(classes))
            found = {f"p_{label}": pa.array(p[:, k]) for k, label in enumerate(classes)}
            found["predicted"] = labels.take(pa.array(codes))
            if args.append:
                both = [name for name in raw if name in found]
                if both:
                    raise DataError(f"--append: {args.file} has a column {both[0]!r} already")
                found = {**raw, **found}
            rows.write(found)
    return {
        "command": "predict",
        "version": fastgd.__version__,
        "model": args.model,
        "file": args.file,
        "rows": int(counts.sum()),
        "predicted": dict(zip(classes, counts.tolist(), strict=True)),
        "output": args.output,
        "warnings": said,
    }


def model_facts(path):
    """Return what a saved model holds."""
    model = tablemodel.TableModel.load(path)
    return {
        "command": "info",
        **model.facts(),
        "penalty": model.penalty,
        "missing": list(model.missing),
        "coding": model.coding.to_dict(),
    }
