"""The table in README.md: whole fits, each contender with its default tolerance.

    python benchmarks/peers.py            all rows
    python benchmarks/peers.py tall csr   some of them

Every cell holds the time and by how much the cost lies above the lowest one found.
"""

import math
import sys
import warnings

import contenders
import numpy as np
import problems
import scipy.sparse

import fastgd
from fastgd.bench import duration, fastest, machine, machine_text, markdown, synthetic


def sparse_wide(n=5000, d=8000, density=0.01):
    """Return a CSR matrix with more columns than rows, and labels 0.0 and 1.0."""
    rng = np.random.default_rng(7)
    X = scipy.sparse.random_array((n, d), density=density, format="csr", rng=rng)
    p = fastgd.sigmoid(X @ rng.standard_normal(d))
    return X, (rng.random(n) < p).astype(float)


CONTENDERS = {
    "fastgd": contenders.fastgd_fit,
    "NumPy, Newton": contenders.numpy_newton,
    "newton-cholesky": contenders.sklearn_fit,
    "lbfgs": lambda X, y, l2: contenders.sklearn_fit(X, y, l2, "lbfgs"),
}
ROWS = {
    "small": ("569 x 30, breast cancer", problems.breast_cancer, ()),
    "tall": ("200 000 x 54, correlated", problems.tall, ()),
    # NumPy's takes half a minute here
    "wide": ("4000 x 1000, dense", lambda: synthetic(4000, 1000), ("NumPy, Newton",)),
    # nobody wants a dense Hessian of 8000 columns
    "csr": ("5000 x 8000, CSR, 1 % filled", sparse_wide, ("NumPy, Newton", "newton-cholesky")),
}


def row(name, make, left_out):
    """Return one line of the table."""
    X, y = make()
    taking_part = [key for key in CONTENDERS if key not in left_out]
    l2 = 1 / len(y)

    def cost(model):
        return fastgd.cost(X, y, model.coef, model.intercept, l2=l2)

    calls = [lambda fit=CONTENDERS[key]: fit(X, y, l2) for key in taking_part]
    costs = [cost(call()) for call in calls]
    lowest = min(*costs, cost(contenders.sklearn_fit(X, y, l2, "lbfgs", 1e-8)))
    times = dict(zip(taking_part, fastest(*calls, seconds=2), strict=True))
    above = dict(zip(taking_part, costs, strict=True))
    best = min(times.values())
    cells = []
    for key in CONTENDERS:
        time = times.get(key, math.inf)
        text = f"{duration(time)}, {above[key] - lowest:.0e}" if key in times else "-"
        cells.append(f"**{text}**" if time == best else text)
    return [name, *cells]


def main(names):
    rows = [row(*ROWS[name]) for name in names or ROWS]
    print(machine_text(machine()), end="\n\n")
    print(markdown(["data", *CONTENDERS], rows))


if __name__ == "__main__":
    warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
    main(sys.argv[1:])
