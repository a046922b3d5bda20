"""scikit-learn's callbacks, from 1.9 on."""

import numpy as np

try:  # scikit-learn 1.9
    from sklearn.callback import CallbackSupportMixin
    from sklearn.callback._callback_support import callback_management_context  # noqa: F401
except ImportError:

    class CallbackSupportMixin:
        """What older versions of scikit-learn do not have."""


def are_registered(estimator):
    """Whether somebody listens: to the estimator, or to one that it is part of."""
    return hasattr(estimator, "_skl_callbacks") or hasattr(estimator, "_parent_callback_ctx")


class Listener:
    """Tells them of each iteration: a task for the fit, one for each iteration."""

    def __init__(self, estimator):
        self.estimator = estimator

    def begin(self, X, y, sample_weight, init):
        estimator = self.estimator
        self.data = {"X": X, "y": y}
        if sample_weight is not None:
            self.data["metadata"] = {"sample_weight": sample_weight}
        limit = estimator.max_iter
        # one more than there are iterations: nobody knows which will be the last
        self.fit = estimator._init_callback_context(
            max_subtasks=None if limit is None else max(limit, 1) + 1
        )
        self.fit.call_on_fit_task_begin(estimator=estimator, **self.data)
        if init is None:
            K = len(estimator.classes_)
            shape = (K,) if K > 2 else ()
            init = np.zeros((*shape, X.shape[1])), np.zeros(shape)
        self.iterate(*init)
        return self

    def iterate(self, coef, intercept):
        """Begin the next iteration, from here."""
        self.task = self.fit.subcontext(task_name=f"{self.estimator.solver}-iter")
        self.task.call_on_fit_task_begin(
            estimator=self.estimator, **self.data, **self.reached(coef, intercept)
        )

    def reached(self, coef, intercept):
        coef, intercept = self.estimator._attributes(coef, intercept, self.data["X"])
        return {"reconstruction_attributes": {"coef_": coef, "intercept_": intercept}}

    def __call__(self, event):
        stop = self.task.call_on_fit_task_end(
            estimator=self.estimator,
            **self.data,
            **self.reached(event.coef, event.intercept),
        )
        self.iterate(event.coef, event.intercept)
        return stop

    def end(self):
        """The iteration that was begun and never ran."""
        self.task.call_on_fit_task_end(estimator=self.estimator)

    def close(self):
        self.fit.call_on_fit_task_end(
            estimator=self.estimator, **self.data, reconstruction_attributes={}
        )
