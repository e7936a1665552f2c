import subprocess
import sys

HEAVY = (
    "tensorflow",
    "keras",
    "dask",
    "bokeh",
    "panel",
    "holoviews",
    "datashader",
    "pandas",
    "mlflow",
)


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, astrodata_kernel; print('\\n'.join(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {name.split(".")[0] for name in loaded} & set(HEAVY)
    # What the first use of a name brings, not the import.
    assert not {"astropy", "anywidget", "h5py", "pyarrow", "numpy"} & set(loaded)


def test_every_public_name_is_there_and_said_by_dir() -> None:
    import astrodata_kernel as adk

    for name in adk.__all__:
        assert getattr(adk, name) is not None
        assert name in dir(adk)


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    import astrodata_kernel as adk

    assert not hasattr(adk, "opne")
