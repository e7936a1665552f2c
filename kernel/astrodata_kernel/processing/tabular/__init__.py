"""Tables made ready for a model: duplicates, missing values, one-hot, standardised, divided.

All are pure functions of `pandas.DataFrame`: what they are given stays as it is, and the index is kept.
What is learnt from a table (fills, categories, means) is a small frozen object that is fitted on the
training part alone, and that is kept as JSON text.

==============================================  ==========================================================
in AstroData                                    here
==============================================  ==========================================================
``CsvLoader``, ``ParquetLoader``, ``RawData``   `table_of`, which reads FITS, NumPy and records as well
``DropDuplicates``                              `drop_duplicates`
``NormalizeAndSplit``                           `split_table`, then `Standardise.fit` on its training part
``TrainTestSplitter(targets, test_size, ...)``  `split_table`: target=, sizes=, stratify=, group=, seed=
``MissingImputator``                            `MissingValues`, or `fill_missing` for a single table
``OHE``                                         `OneHot`
``Standardizer``                                `Standardise`
``.pkl`` artifacts                              ``.to_json()`` and ``.from_json()`` of each
``SklearnModel(model_class=...)``               ``training.tabular.train_model(..., model="random_forest")``
``XGBoostModel``                                ``training.tabular.train_model(..., model="xgboost")``
``SklearnMetric``                               ``training.tabular.metrics``
``GridSearchCVSelector``                        a study over the parameters of a pipeline
==============================================  ==========================================================
"""

from __future__ import annotations

from ...lazy_names import lazy_names

# Loaded when first asked for: pandas takes a part of a second.
_HOMES = {
    "MissingValues": "cleaning",
    "OneHot": "encoding",
    "Standardise": "scaling",
    "TableParts": "parting",
    "drop_duplicates": "cleaning",
    "fill_missing": "cleaning",
    "learnt_of": "learnt",
    "split_table": "parting",
    "table_of": "sources",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
