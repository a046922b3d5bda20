"""What fastgd raises and warns. A wrong argument of a function is a plain ``ValueError`` or
``TypeError`` that names it."""


class ConvergenceWarning(UserWarning):
    """A fit ended without a certificate that it is within ``tol`` of the optimum."""


class SeparationWarning(UserWarning):
    """Without a penalty the cost has no minimum: some rows can be fitted perfectly."""


class DataError(ValueError):
    """A file or a table cannot be used as it is."""
