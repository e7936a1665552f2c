"""Blocks of this package, found by name through entry points.

Each is one call into the library, told to pipelines by its inputs, parameters and outputs; in Python it is
called as a function.

>>> from astrodata_kernel import blocks
>>> import pandas as pd
>>> table = pd.DataFrame({"x": [1, 1, 2]})
>>> blocks.drop_duplicates(table)["x"].tolist()
[1, 2]
"""

from __future__ import annotations

from ..lazy_names import lazy_names

# Loaded when first asked for; each name is an entry point of the group "astrodata_kernel.blocks" too.
_HOMES = {
    "align_waveforms": "waveform_processing",
    "apply_learnt": "table_processing",
    "augment_images": "raster_processing",
    "burnt_area": "scene_processing",
    "cluster": "latent_spaces",
    "column_metrics": "table_learning",
    "compare_detectors": "evaluating",
    "compare_scores": "evaluating",
    "condition_strain": "strain_processing",
    "cone_of_catalogue": "raster_processing",
    "cube_moment": "raster_processing",
    "cube_spectrum": "raster_processing",
    "cutouts": "raster_processing",
    "drop_duplicates": "table_processing",
    "efficiency": "latent_spaces",
    "encode": "latent_spaces",
    "figure_confusion": "picturing",
    "figure_efficiency": "picturing",
    "figure_history": "picturing",
    "figure_latents": "picturing",
    "figure_mask_scores": "picturing",
    "figure_precision_recall": "picturing",
    "figure_residuals": "picturing",
    "figure_roc": "picturing",
    "figure_scene": "picturing",
    "fill_missing": "table_processing",
    "filter_waveforms": "waveform_processing",
    "find_pulses": "waveform_processing",
    "find_sources": "raster_processing",
    "fit_autoencoder": "network_training",
    "fit_length": "waveform_processing",
    "garage": "latent_spaces",
    "garage_rates": "latent_spaces",
    "importance": "table_learning",
    "join_features": "feature_views",
    "join_patches": "patching",
    "join_tables": "table_processing",
    "local_density": "latent_spaces",
    "mask_clouds": "scene_processing",
    "mask_scores": "evaluating",
    "measure_sources": "raster_processing",
    "metrics": "table_learning",
    "one_hot": "table_processing",
    "open_data": "ingesting",
    "open_scenes": "ingesting",
    "predict": "table_learning",
    "predict_scene": "patching",
    "project": "latent_spaces",
    "q_transform": "strain_processing",
    "read_features": "feature_views",
    "read_glitches": "ingesting",
    "read_labels": "ingesting",
    "read_mask": "scene_processing",
    "read_table": "ingesting",
    "read_waveforms": "ingesting",
    "register_model": "keeping",
    "report_page": "picturing",
    "reproject_image": "raster_processing",
    "resample_waveforms": "waveform_processing",
    "save_array": "keeping",
    "save_file": "keeping",
    "save_model": "keeping",
    "save_table": "keeping",
    "scale_images": "raster_processing",
    "scene_areas": "scene_processing",
    "scene_index": "scene_processing",
    "scene_patches": "patching",
    "scene_series": "scene_processing",
    "scores": "latent_spaces",
    "select_columns": "table_processing",
    "split_patches": "patching",
    "split_table": "table_processing",
    "stack_scenes": "scene_processing",
    "standardise": "table_processing",
    "strain_spectrum": "strain_processing",
    "stretch_image": "raster_processing",
    "subtract_baseline": "waveform_processing",
    "synthetic_waveforms": "ingesting",
    "train_keras": "table_learning",
    "train_masks": "network_training",
    "train_sklearn": "table_learning",
    "train_waveforms": "network_training",
    "train_xgboost": "table_learning",
    "transcode_scene": "scene_processing",
    "view": "picturing",
    "waveform_density": "waveform_processing",
    "waveform_features": "waveform_processing",
    "waveform_scores": "waveform_processing",
    "waveform_spectrum": "waveform_processing",
    "whiten_strain": "strain_processing",
    "whiten_waveforms": "waveform_processing",
    "write_features": "feature_views",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
