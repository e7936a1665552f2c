"""The room of blocks: found by name, told in full, with the library's own defaults, and light to look at."""

import inspect
import json
import pkgutil
import subprocess
import sys
from importlib import import_module
from importlib.metadata import entry_points

import astrodata_kernel as adk
import pytest
from astrodata_kernel import blocks
from astrodata_kernel.pipeline import Pipeline
from astrodata_kernel.pipeline.block_types import Block

EVERY = sorted(blocks.__all__)


def test_every_block_of_the_room_is_an_entry_point_and_the_other_way_round():
    here = {}
    for info in pkgutil.iter_modules(blocks.__path__):
        module = import_module(f"{blocks.__name__}.{info.name}")
        for name, value in vars(module).items():
            if isinstance(value, Block) and value.function.__module__ == module.__name__:
                here[value.name] = f"{module.__name__}:{name}"
    ours = {
        point.name: point.value
        for point in entry_points(group="astrodata_kernel.blocks")
        if point.value.startswith("astrodata_kernel.")
    }
    assert here == ours
    assert sorted(here) == EVERY


@pytest.mark.parametrize("name", EVERY)
def test_a_block_tells_what_it_takes_and_gives(name):
    block = adk.pipeline.block_named(name)
    assert block is getattr(blocks, name)
    text = inspect.getdoc(block.function)
    assert block.summary.endswith(".")
    assert "Returns\n-------" in text
    told = text.partition("Parameters\n----------")[2].partition("Returns\n-------")[0]
    named = {
        one.strip(" *") for line in told.splitlines() if line[:1].strip() for one in line.split(",")
    }
    assert named == {*block.parameters, *(port.name for port in block.inputs)}


@pytest.mark.parametrize("name", EVERY)
def test_the_parameters_of_a_block_are_typed_and_their_defaults_are_of_their_type(name):
    block = adk.pipeline.block_named(name)
    # Of `add` beside the parameters themselves.
    taken = {"self", "name", "block", "from_", "cache", "where"}
    assert taken < set(inspect.signature(Pipeline.add).parameters)
    options = taken
    for parameter in block.parameters.values():
        assert parameter.name not in options
        assert parameter.json_schema() not in ({}, {"default": None})
        if not parameter.required:
            checked = parameter.checked(parameter.default, name)
            json.dumps(parameter.canonical(checked))


LIBRARY = {
    "align_waveforms": ["processing.waveforms:align"],
    "burnt_area": ["processing.burnt_result:burnt_map"],
    "cluster": ["latent:cluster"],
    "column_metrics": ["training.tabular:metrics"],
    "compare_detectors": ["latent:compare", "latent:detectors"],
    "compare_scores": ["latent.scores:compare_scores"],
    "condition_strain": ["processing.strain:band_pass", "processing.strain:notch"],
    "cube_moment": ["processing.cubes:moment"],
    "cube_spectrum": ["processing.cubes:spectrum"],
    "cutouts": ["processing.raster:cutouts"],
    "efficiency": ["latent:efficiency"],
    "encode": ["latent:encode"],
    "figure_efficiency": ["latent:efficiency_figure"],
    "figure_residuals": ["training.tabular:residuals_figure"],
    "figure_scene": ["reports:scene_map"],
    "find_pulses": ["processing.waveforms:find_pulses"],
    "fit_autoencoder": ["training:fit"],
    "fit_length": ["processing.waveforms:fit_length"],
    "importance": ["explaining:importance"],
    "local_density": ["latent:local_density"],
    "mask_scores": ["processing.scores:scores"],
    "measure_sources": ["processing.measure:photometry"],
    "open_data": ["readers.registry:open_dataset"],
    "open_scenes": ["readers.sentinel:open_scenes"],
    "predict_scene": ["processing.tiled:predict_scene"],
    "project": ["latent:project"],
    "q_transform": ["processing.strain:q_transform"],
    "read_table": ["processing.tabular:table_of"],
    "report_page": ["reports:report"],
    "reproject_image": ["processing.reprojection:reprojected"],
    "scene_areas": ["processing.scene_areas:statistics"],
    "scene_index": ["processing.burnt_maps:index_map"],
    "split_table": ["processing.tabular:split_table"],
    "stack_scenes": ["datasets.scene_stack:stack"],
    "strain_spectrum": ["processing.strain:asd"],
    "subtract_baseline": ["processing.waveforms:baseline"],
    "synthetic_waveforms": ["processing.waveforms:synthesize"],
    "train_keras": ["training.tabular:train_model"],
    "train_masks": ["training:fit_masks"],
    "train_sklearn": ["training.tabular:train_model"],
    "train_waveforms": ["training:multistart"],
    "train_xgboost": ["training.tabular:train_model"],
    "waveform_density": ["processing.waveforms:persistence"],
    "waveform_features": ["processing.waveforms:features"],
    "waveform_spectrum": ["processing.waveforms:psd"],
    "whiten_strain": ["processing.strain:whiten"],
}
OTHERWISE = {
    # What the data set knows stands for these, and the library's default where it knows nothing.
    *("polarity", "sample_period", "sample_rate"),
    # Names of scores or indices to begin with, patches and masks where the library takes two arguments.
    *("names", "indices"),
}


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_the_defaults_of_a_block_are_the_librarys_own(name):
    block = adk.pipeline.block_named(name)
    compared = 0
    for place in LIBRARY[name]:
        module, _, function = place.partition(":")
        found = getattr(import_module(f"astrodata_kernel.{module}"), function)
        for argument in inspect.signature(found).parameters.values():
            known = block.parameters.get(argument.name)
            if known is None or known.required or argument.name in OTHERWISE:
                continue
            if argument.default is argument.empty:
                continue
            mine, theirs = (
                repr(list(one) if isinstance(one, (list, tuple)) else one)
                for one in (known.default, argument.default)
            )
            empty = {"[]", "{}", "None", "()"}
            assert mine == theirs or {mine, theirs} <= empty, argument.name
            compared += 1
    assert compared


def test_all_blocks_can_be_listed_without_what_their_work_needs():
    heavy = ["dask", "duckdb", "keras", "mlflow", "rasterio", "sklearn", "tensorflow", "xgboost"]
    code = (
        "import sys, astrodata_kernel.blocks as b\n"
        "for name in b.__all__: b.__getattr__(name).parameters\n"
        f"print([one for one in {heavy} if one in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
