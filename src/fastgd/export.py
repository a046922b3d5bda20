"""Models for elsewhere: ONNX, a C function, a Python function without dependencies.

All take a fit or an estimator, and give the probabilities of all classes as its ``predict_proba``
does without an offset. What has no such form is refused: squared error, and a `FitResult` of
separated classes, whose predictions are a limit (the estimator's are those of its finite
coefficients and can be exported).

A model of a table (``fastgd fit --save``) is exported as `fastgd.load` returns it: it takes the
*coded* features, a number each, whose names (``sex=male``) stand in the comments; filling missing
cells and coding levels is left to the caller.
"""

import builtins
import keyword
import re

import numpy as np

from . import arguments
from .result import FitResult

_C_WORDS = frozenset(
    """alignas alignof asm auto bool break case char const constexpr continue default do double else
    enum extern false float for goto if inline int long nullptr register restrict return short
    signed sizeof static static_assert struct switch thread_local true typedef typeof typeof_unqual
    union unsigned void volatile while NULL linux main size_t unix""".split()
)
_C_FUNCTIONS = frozenset(  # and macros of math.h, C23 and those of the libraries included
    """acos acosh acospi asin asinh asinpi atan atan2 atan2pi atanh atanpi canonicalize cbrt ceil
    compoundn copysign cos cosh cospi dadd ddiv dfma dmul drem dsqrt dsub erf erfc exp exp10 exp10m1
    exp2 exp2m1 expm1 fabs fadd fdim fdiv ffma finite floor fma fmax fmaximum fmaximum_mag
    fmaximum_mag_num fmaximum_num fmaxmag fmin fminimum fminimum_mag fminimum_mag_num fminimum_num
    fminmag fmod fmul fpclassify frexp fromfp fromfpx fsqrt fsub gamma getpayload hypot ilogb
    iscanonical iseqsig isfinite isgreater isgreaterequal isinf isless islessequal islessgreater
    isnan isnormal issignaling issubnormal isunordered iszero j0 j1 jn ldexp lgamma llogb llrint
    llround log log10 log10p1 log1p log2 log2p1 logb logp1 lrint lround math_errhandling modf nan
    nearbyint nextafter nextdown nexttoward nextup pow pow10 pown powr remainder remquo rint rootn
    round roundeven rsqrt scalb scalbln scalbn setpayload setpayloadsig signbit signgam significand
    sin sincos sinh sinpi sqrt tan tanh tanpi tgamma totalorder totalordermag trunc ufromfp ufromfpx
    y0 y1 yn""".split()
)
_C_SUFFIX = re.compile(r"(f(32x?|64x?|128)?|l)?(_r)?$")  # sqrtf, sqrtl, lgamma_r
_C_RESERVED = re.compile(
    r"_[A-Z_].*|(math|MATH|M|FP|HUGE|INFINITY|NAN)(_\w*)?|SNAN\w*|MAXFLOAT|f(32|64)x?[a-z]+f\d+x?"
)

# ---------------------------------------------------------------- the model


class _Linear:
    """What an export needs of a model: lines of coefficients, labels, names."""

    def __init__(self, model):
        coef = getattr(model, "coef_", None)
        if isinstance(model, FitResult):
            if model.loss == "squared_error":
                raise ValueError("model: fitted with loss='squared_error', has no probabilities")
            if model.separation is not None:
                raise ValueError(
                    "model: its classes are separated, and its predictions a limit that finite "
                    "coefficients do not reach; fit with l2 > 0, or export the estimator "
                    "fastgd.LogisticRegression, which predicts by finite ones"
                )
            coef, intercept = model.coef, model.intercept
            self.classes, self.names = model.classes, model.names
        elif coef is not None and hasattr(model, "classes_"):
            coef = coef.toarray() if hasattr(coef, "toarray") else coef
            intercept, self.classes = model.intercept_, model.classes_
            coding = getattr(model, "coding_", None)  # of a frame with texts: a column is several
            self.names = coding.features if coding else getattr(model, "feature_names_in_", None)
        else:
            raise TypeError(
                f"model: wanted a fastgd.FitResult or a fitted estimator, got {type(model)!r}"
            )
        self.dtype = np.float32 if coef.dtype == np.float32 else np.float64
        self.coef = np.atleast_2d(np.asarray(coef, np.float64))
        self.intercept = np.atleast_1d(np.asarray(intercept, np.float64))
        if not (np.isfinite(self.coef).all() and np.isfinite(self.intercept).all()):
            raise ValueError("model: its coefficients are not all finite")

    @property
    def lines(self):
        return len(self.coef)

    @property
    def n_features(self):
        return self.coef.shape[1]

    def name(self, j):
        """The name of a feature, safe in a comment of either language."""
        return "" if self.names is None else _harmless(self.names[j])


def _harmless(text):
    """Text that can neither end a comment nor do anything in one."""
    text = str(text)
    shown = "".join(
        c if c.isalnum() or c in " _.,:;=<>()%+-" else c.encode("unicode_escape").decode()
        if not c.isascii() or not c.isprintable() else f"\\x{ord(c):02x}"
        for c in text[:80]
    )  # fmt: skip
    return shown + (" and so on" if len(text) > 80 else "")


def _number(value):
    """A constant of both languages that is read as exactly this double."""
    text = f"{value:.17g}"
    return text if re.search("[.en]", text) else text + ".0"


# ---------------------------------------------------------------- source text


def _columns(numbers, note, comment, indent):
    """One constant a line, with what it belongs to."""
    return [f"{indent}{_number(v)}, {comment(note(j))}".rstrip() for j, v in enumerate(numbers)]


def c(model, name="score"):
    """Source text of a C function that gives the probabilities of one row.

    It is C99 and needs ``<math.h>`` alone: ``void score(const double *x, double *probability)``
    reads as many numbers as the model has features and writes one for each class, in the order of
    the classes. It allocates nothing, keeps nothing, and is safe in threads. Large margins do not
    overflow; a NaN in `x` gives NaN.

    Parameters
    ----------
    model : FitResult, LogisticRegression or LogisticRegressionCV
        Without offset. Names of features and labels become comments.
    name : str
        Of the function, a C identifier that is neither a keyword nor a name of ``<math.h>``.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the model has no finite coefficients (separated classes) or no probabilities (squared
        error), or `name` is no usable identifier.

    Examples
    --------
    >>> import fastgd
    >>> fit = fastgd.fit([[0.5], [1.0], [1.5], [2.0]], [0, 1, 0, 1], l2=0.1)
    >>> print(fastgd.export.c(fit, "risk").splitlines()[7])
    void risk(const double *x, double *probability);
    """
    if (
        not isinstance(name, str)
        or not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name)
        or name in _C_WORDS | _C_FUNCTIONS
        or _C_SUFFIX.sub("", name, count=1) in _C_FUNCTIONS
        or _C_RESERVED.fullmatch(name)
    ):
        raise ValueError(f"name must be a C identifier that C does not use itself, got {name!r}")
    linear = _Linear(model)
    K, d = linear.lines, linear.n_features

    def comment(text):
        return f"/* {text} */"

    def note(j):
        return f"x[{j}] {linear.name(j)}".rstrip()

    body = []
    if d:
        body.append(f"  static const double coef[{K}][{d}] = {{")
        for line in linear.coef:
            body += ["    {", *_columns(line, note, comment, "      "), "    },"]
        body.append("  };")
    body.append(f"  static const double intercept[{K}] = {{")
    body += [f"    {_number(value)}," for value in linear.intercept]
    body.append("  };")
    sums = ["    double z = intercept[k];"]
    if d:
        sums += [f"    for (j = 0; j < {d}; j++)", "      z += coef[k][j] * x[j];"]
    unused = [] if d else ["  (void)x;"]
    counters = "int j;" if K == 1 else "int j, k;"
    if not d:
        counters = "" if K == 1 else "int k;"
    body += [f"  {counters}"] * bool(counters)
    if K == 1:
        body += [
            "  double z = intercept[0], e, less, more;",
            *unused,
            *([f"  for (j = 0; j < {d}; j++)", "    z += coef[0][j] * x[j];"] if d else []),
            "  e = exp(-fabs(z));",
            "  less = e / (1.0 + e);",
            "  more = 1.0 / (1.0 + e);",
            "  probability[0] = z > 0.0 ? less : more;",
            "  probability[1] = z > 0.0 ? more : less;",
        ]
    else:
        body += [
            "  double most = 0.0, sum = 0.0;",
            *unused,
            f"  for (k = 0; k < {K}; k++) {{",
            *sums,
            "    probability[k] = z;",
            "    if (k == 0 || z > most)",
            "      most = z;",
            "  }",
            f"  for (k = 0; k < {K}; k++) {{",
            "    probability[k] = exp(probability[k] - most);",
            "    sum += probability[k];",
            "  }",
            f"  for (k = 0; k < {K}; k++)",
            "    probability[k] /= sum;",
        ]
    head = [
        "/* Logistic regression fitted by fastgd. Give the features of one row,",
        f"   {d} numbers; get the probabilities of {len(linear.classes)} classes:",
        *(f"   probability[{k}]: {_harmless(v)}" for k, v in enumerate(linear.classes.tolist())),
        "*/",
        "#include <math.h>",
        "",
    ]
    declared = f"void {name}(const double *x, double *probability)"
    return "\n".join([*head, f"{declared};", "", declared, "{", *body, "}", ""])


def python(model, name="score"):
    """Source text of a Python function that gives the probabilities of one row.

    It needs the module ``math`` alone. ``score(x)`` takes a sequence of as many numbers as the
    model has features and returns a list, one probability for each class in the order of
    ``score.classes``; another number of features is a ``ValueError``.

    Parameters
    ----------
    model : FitResult, LogisticRegression or LogisticRegressionCV
        Without offset. Names of features become comments.
    name : str
        Of the function, an identifier that is neither a builtin nor what the function uses.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the model has no finite coefficients (separated classes) or no probabilities (squared
        error), or `name` is no usable identifier.

    Examples
    --------
    >>> import fastgd
    >>> fit = fastgd.fit([[0.5], [1.0], [1.5], [2.0]], [0, 1, 0, 1], l2=0.1)
    >>> module = {}
    >>> exec(fastgd.export.python(fit), module)
    >>> bool(abs(module["score"]([1.0])[1] - fit.predict_proba([[1.0]])[0, 1]) < 1e-15)
    True
    """
    if (
        not isinstance(name, str)
        or not name.isidentifier()
        or not name.isascii()
        or keyword.iskeyword(name)
        or name == "math"
        or hasattr(builtins, name)
        or re.fullmatch("__.*__", name)
    ):
        raise ValueError(
            "name must be a Python identifier in ASCII that Python and the function do not use "
            f"themselves, got {name!r}"
        )
    linear = _Linear(model)
    d = linear.n_features

    def comment(text):
        return f"# {text}"

    def note(j):
        return f"x[{j}] {linear.name(j)}".rstrip()

    lines = [
        "# Logistic regression fitted by fastgd.",
        "import math",
        "",
        "",
        f"def {name}(x):",
        f'    """Return the probabilities of the classes, given the {d} features of one row."""',
        "    coef = (",
    ]
    for line in linear.coef:
        lines += ["        (", *_columns(line, note, comment, " " * 12), "        ),"]
    lines += [
        "    )",
        "    intercept = (",
        *(f"        {_number(value)}," for value in linear.intercept),
        "    )",
        f"    if len(x) != {d}:",
        f'        raise ValueError("wanted {d} features, got " + str(len(x)))',
    ]
    total = (
        "    z = [sum([v * float(u) for v, u in zip(w, x)], b) for w, b in zip(coef, intercept)]"
    )
    lines.append(total)
    if linear.lines == 1:
        lines += [
            "    e = math.exp(-abs(z[0]))",
            "    less, more = e / (1.0 + e), 1.0 / (1.0 + e)",
            "    return [less, more] if z[0] > 0 else [more, less]",
        ]
    else:
        lines += [
            "    most = max(z)",
            "    e = [math.exp(value - most) for value in z]",
            "    total = sum(e)",
            "    return [value / total for value in e]",
        ]
    lines += ["", "", f"{name}.classes = {_literal(linear.classes)}", ""]
    return "\n".join(lines)


def _literal(classes):
    """Labels as Python source: plain numbers and strings, in ASCII."""
    values = classes.tolist()
    strange = [v for v in values if type(v) not in (str, int, float, bool)]
    if strange:
        raise ValueError(f"model: the label {strange[0]!r:.80} is no string and no number")
    return "[" + ", ".join(ascii(value) for value in values) + "]"


# ---------------------------------------------------------------- ONNX


def register():
    """Teach skl2onnx the estimators, alone or in pipelines, for the rest of the process.

    After this ``skl2onnx.to_onnx`` and ``skl2onnx.convert_sklearn`` take them. They become MatMul,
    Add, and Sigmoid or Softmax in the dtype of the graph's input; integers and bools are taken in
    the model's own. Options are those of scikit-learn's classifiers: ``zipmap`` (True, False,
    ``"columns"``), ``nocl``, ``output_class_labels``, ``raw_scores``. True is skl2onnx's default
    and an error with an input of float64, which ONNX's dicts cannot hold. Calling it twice does
    no harm; `onnx` calls it.

    Raises
    ------
    ModuleNotFoundError
        If skl2onnx is not installed.
    """
    skl2onnx = _skl2onnx()
    from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes

    from .estimators import LogisticRegression, LogisticRegressionCV

    for cls in (LogisticRegression, LogisticRegressionCV):
        skl2onnx.update_registered_converter(
            cls,
            f"Fastgd{cls.__name__}",
            calculate_linear_classifier_output_shapes,
            _convert,
            options={
                "zipmap": [True, False, "columns"],
                "nocl": [True, False],
                "output_class_labels": [False, True],
                "raw_scores": [True, False],
            },
        )


def _skl2onnx():
    try:
        import skl2onnx
    except ImportError as error:
        raise ModuleNotFoundError(
            'ONNX needs skl2onnx and scikit-learn: pip install "fastgd[onnx]"', name=error.name
        ) from error
    return skl2onnx


def onnx(model, path=None, *, dtype=None, zipmap=False):
    """The model as an ONNX graph, with outputs ``label`` and ``probabilities``.

    Parameters
    ----------
    model : FitResult, LogisticRegression or LogisticRegressionCV
        Without offset.
    path : str or path-like, optional
        Where to write the graph as well; an existing file is replaced, whole or not at all.
    dtype : {"float64", "float32"}, optional
        Of the input ``X`` of shape (n, d), of all arithmetic and of the probabilities; by default
        the model's own, which is float64 but for an estimator fitted on float32.
    zipmap : {False, True, "columns"}
        Probabilities as an array (n, K), as a dict for each row (float32 alone: with a float64
        model ask for ``dtype="float32"`` too), or as an output for each class.

    Returns
    -------
    onnx.ModelProto
        Labels are int64 or strings; bools become int64, 0 and 1.

    Raises
    ------
    ModuleNotFoundError
        If skl2onnx is not installed.
    ValueError
        If the model has no finite coefficients (separated classes) or no probabilities (squared
        error), or labels that ONNX does not have (floats with a fraction, mixed kinds); for
        ``zipmap=True`` in float64.

    Examples
    --------
    >>> import fastgd
    >>> fit = fastgd.fit([[0.5], [1.0], [1.5], [2.0]], [0, 1, 0, 1], l2=0.1)
    >>> graph = fastgd.export.onnx(fit)  # doctest: +SKIP
    """
    linear = _Linear(model)
    dtype = linear.dtype if dtype is None else np.dtype(dtype).type
    if dtype not in (np.float64, np.float32):
        raise ValueError(f"dtype must be float64 or float32, got {np.dtype(dtype)}")
    if type(zipmap) is not bool and zipmap != "columns":
        raise ValueError(f"zipmap must be True, False or 'columns', got {zipmap!r}")
    skl2onnx = _skl2onnx()
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

    from .estimators import LogisticRegression

    register()
    if isinstance(model, FitResult):
        estimator = LogisticRegression()
        estimator.coef_, estimator.intercept_ = linear.coef, linear.intercept
        # of one kind, which those of a fit on objects may be without saying so
        estimator.classes_ = np.array(_labels(linear.classes))
        estimator.n_features_in_ = linear.n_features
    else:
        estimator = model
        _labels(estimator.classes_)
    tensor = FloatTensorType if dtype == np.float32 else DoubleTensorType
    graph = skl2onnx.convert_sklearn(
        estimator,
        "fastgd",
        [("X", tensor([None, linear.n_features]))],
        options={id(estimator): {"zipmap": zipmap}},
    )
    if path is not None:
        from .writing import replace_file

        replace_file(path, [graph.SerializeToString()])
    return graph


def _labels(classes):
    """Labels as ONNX has them: a list of int or of str."""
    values = classes.tolist()
    kinds = {type(value) for value in values}
    if kinds == {str}:
        return values
    if kinds <= {int, bool, float} and all(v == int(v) and abs(v) < 2**63 for v in values):
        return [int(value) for value in values]
    raise ValueError(
        f"model: labels must be strings or whole numbers for ONNX, got {values[:3]!r:.120}"
    )


def _convert(scope, operator, container):
    """The nodes of one estimator: what skl2onnx calls."""
    from skl2onnx.common.data_types import guess_proto_type
    from skl2onnx.common.utils_classifier import get_label_classes
    from skl2onnx.proto import onnx_proto

    model = operator.raw_operator
    linear = _Linear(model)
    tensor = onnx_proto.TensorProto
    source = operator.inputs[0].full_name
    kind = guess_proto_type(operator.inputs[0].type)
    plain = (tensor.FLOAT, tensor.DOUBLE)
    labels = _labels(get_label_classes(scope, model))
    raw = container.get_options(model, {"raw_scores": False})["raw_scores"]

    def node(op, inputs, output=None, version=1, **attributes):
        output = output or scope.get_unique_variable_name(op.lower())
        name = scope.get_unique_operator_name(op)
        container.add_node(op, inputs, output, name=name, op_version=version, **attributes)
        return output

    def constant(name, kind, values):
        name = scope.get_unique_variable_name(name)
        values = np.asarray(values)
        container.add_initializer(name, kind, list(values.shape), values.ravel().tolist())
        return name

    goal = guess_proto_type(operator.outputs[1].type)  # what skl2onnx declared for the output
    dicts = [other for other in scope.operators.values() if other.type == "SklearnZipMap"]
    if goal == tensor.DOUBLE and any(operator.outputs[1] in other.inputs for other in dicts):
        raise ValueError(
            "zipmap=True: ONNX's dicts (ZipMap) hold float32, and this graph gives float64; ask "
            "for zipmap=False or zipmap='columns', or for dtype='float32' (in skl2onnx: an input "
            "of float32)"
        )
    own = kind if kind in plain else tensor.FLOAT if linear.dtype == np.float32 else tensor.DOUBLE
    if own != kind:
        source = node("Cast", [source], version=13, to=own)
    z = node("MatMul", [source, constant("coef", own, linear.coef.T)], version=13)
    z = node("Add", [z, constant("intercept", own, linear.intercept)], version=13)
    if linear.lines == 1:
        minus = node("Neg", [z], version=13)
        both = node("Concat", [minus, z], version=13, axis=1)
        probability = both if raw else node("Sigmoid", [both], version=13)
    else:
        both = z
        probability = z if raw else node("Softmax", [z], version=13, axis=1)
    node("Cast", [probability], operator.outputs[1].full_name, 13, to=goal)
    best = node("ArgMax", [both], version=13, axis=1, keepdims=0)  # of equals the first
    known = constant(
        "labels",
        tensor.STRING if type(labels[0]) is str else tensor.INT64,
        [v.encode() for v in labels] if type(labels[0]) is str else labels,
    )
    node("Gather", [known, best], operator.outputs[0].full_name, 13, axis=0)


# ---------------------------------------------------------------- the command


def add_arguments(parser):
    """Add the arguments of ``fastgd export`` to a parser."""
    parser.add_argument("model", metavar="MODEL", help="a file written by fastgd fit --save")
    parser.add_argument("--to", required=True, choices=("c", "python", "onnx"), help="the form")
    parser.add_argument(
        "--name", default="score", help="of the C or Python function (default: score)"
    )
    parser.add_argument(
        "--output",
        type=arguments.file,
        metavar="FILE",
        help="default: standard output; must be given for onnx",
    )


def check(parser, args):
    """Refuse what the parser cannot see."""
    if args.to == "onnx" and args.output is None:
        parser.error("--to onnx needs --output FILE: the graph is no text")


def run(args):
    """Run ``fastgd export`` and return its exit code.

    Parameters
    ----------
    args : argparse.Namespace
        With ``model``, ``to``, ``name`` and ``output``.
    """
    from .saved import load
    from .writing import replace_file

    model = load(args.model)
    if args.to == "onnx":
        onnx(model, args.output)
        return 0
    text = (c if args.to == "c" else python)(model, args.name)
    if args.output is None:
        print(text, end="")
    else:
        replace_file(args.output, [text.encode()])
    return 0
