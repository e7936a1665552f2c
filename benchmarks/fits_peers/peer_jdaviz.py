"""jdaviz Imviz: what loading takes, before a pixel is painted."""

import harness


def imported(_path: str) -> object:
    """Make an empty Imviz."""
    from jdaviz import Imviz

    return Imviz()


def first(imviz: object, path: str, _side: int) -> object:
    """Load the image."""
    imviz.load_data(path)
    return {"pixels": "", "loaded": len(imviz.app.data_collection)}


harness.run({"first": (imported, first)})
