import importlib.util
import json
from pathlib import Path

import pytest

HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("golden", HERE / "golden.py")
golden = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(golden)


@pytest.fixture(scope="module")
def contents() -> dict[str, str]:
    return golden.contents()


def test_every_golden_frame_is_what_python_sends_today(contents: dict[str, str]) -> None:
    stored = {path.name: path.read_text() for path in golden.FOLDER.glob("*.json")}
    assert stored == contents, "run `python tests/contract/golden.py` if the change is meant"


def test_the_kernel_takes_the_requests_that_the_browser_makes() -> None:
    from astrodata_kernel.widgets.fits import FitsViewer

    requests = json.loads((golden.FOLDER / "requests.json").read_text())
    viewer = FitsViewer(HERE.parent / "data" / "compressed" / "m13.fits")
    sent = []
    viewer.channel.send = lambda content, buffers=None: sent.append(content)
    for index, request in enumerate(requests):
        viewer._on_frame(viewer.channel, {**request["frame"], "id": f"ID{index}"}, [])
    # The kinds and the names of their keys fit; what lies outside this small image is said so.
    refused = {content["error"]["code"] for content in sent if not content["ok"]}
    assert [content["id"] for content in sent] == [f"ID{i}" for i in range(len(requests))]
    assert refused <= {"bad-request", "unknown-name"}
    assert not any("unexpected keyword" in str(content) for content in sent)
    assert sent[0]["meta"]["protocol"] == 1
