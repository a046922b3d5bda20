"""What fastgd raises and warns. A wrong argument of a function is a plain ``ValueError`` or
``TypeError`` that names it."""


class ConvergenceWarning(UserWarning):
    """A fit ended without a certificate that it is within ``tol`` of the optimum."""


class DataError(ValueError):
    """A file or a table cannot be used as it is."""
