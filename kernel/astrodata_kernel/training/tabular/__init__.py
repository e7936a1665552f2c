"""Models that learn from tables, how good they are, and their pictures.

`train_model` gives a `TableModel` of a random forest, nearest neighbours, XGBoost, a Keras network, a linear
model, or an estimator of scikit-learn that is named. ``.model`` is the library's own object.

==============================================  ==========================================================
in AstroData                                    here
==============================================  ==========================================================
``SklearnModel(model_class=...)``               ``train_model(train, target="y", model="random_forest")``, or
                                                ``model="sklearn.svm.SVC"``
``XGBoostModel``                                ``train_model(..., model="xgboost")``
``TensorflowModel`` (empty), ``PytorchModel``   ``train_model(..., model="keras")``
``.fit(X, y)``                                  is done; ``TableModel.predict(table)``,
``.probabilities(table)`` ``.get_loss_history_metrics()``                 ``TableModel.history``
``.save(...)``, ``.load(...)`` of ``.pkl``      ``TableModel.save(folder)``, ``TableModel.load(folder)``: no
pickle ``SklearnMetric(fn, name)``                     `metrics`, all of them at once
``GridSearchCVSelector``, ``HyperOptSelector``  a study over the parameters of a pipeline
``TrainTestSplitter``, ``OHE``, ...             ``astrodata_kernel.processing.tabular``
==============================================  ==========================================================
"""

from __future__ import annotations

from ...lazy_names import lazy_names

# Loaded when first asked for: scikit-learn takes seconds, Keras more.
_HOMES = {
    "ESTIMATORS": "choices",
    "MODELS": "choices",
    "TableModel": "model",
    "confusion_figure": "figures",
    "learning_figure": "figures",
    "metrics": "scoring",
    "precision_recall_figure": "figures",
    "residuals_figure": "figures",
    "roc_figure": "figures",
    "train_model": "fits",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
