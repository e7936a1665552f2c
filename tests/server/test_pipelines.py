"""Which pipelines the sidebar offers, and that none of them does harm by being listed."""

from __future__ import annotations

import builtins
import json
import os

import pytest

from astrodata_lab import pipeline_listing

GOOD = """
# of hearts
astrodata: 1
name: cardio
description: From traces to classes.
parameters: {source: data/x.csv, seed: 0, rate: 1.0, on: true, none: null, list: [1, a]}
steps:
  read: {block: read_table, with: {path: "${source}"}}
"""


@pytest.fixture(autouse=True)
def forget():
    pipeline_listing._known.clear()


@pytest.fixture
def found(ask):
    async def found():
        status, body = await ask("pipelines")
        assert status == 200, body
        return body

    return found


async def test_a_pipeline_is_found_with_its_parameters_as_one_types_them(found, root):
    (root / "pipelines").mkdir()
    (root / "pipelines" / "cardio.yaml").write_text(GOOD)
    (root / "other.yaml").write_text("name: of something else\n")
    [one] = (await found())["pipelines"]
    assert (one["path"], one["name"]) == ("pipelines/cardio.yaml", "cardio")
    assert (one["description"], one["problem"]) == ("From traces to classes.", None)
    assert {p["name"]: (p["text"], p["is_text"]) for p in one["parameters"]} == {
        "source": ("data/x.csv", True),
        "seed": ("0", False),
        "rate": ("1.0", False),
        "on": ("True", False),
        "none": ("None", False),
        "list": ("[1, 'a']", False),
    }


async def test_a_file_that_changed_is_read_again(found, root):
    path = root / "a.yaml"
    path.write_text("astrodata: 1\nname: before\n")
    assert (await found())["pipelines"][0]["name"] == "before"
    path.write_text("astrodata: 1\nname: after that\n")
    assert (await found())["pipelines"][0]["name"] == "after that"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("astrodata: 1\nname: [\n", "line 3"),
        ("astrodata: 1\nparameters: {a: !!python/name:os.system x}\n", "constructor"),
        ("astrodata: 1\nname: " + "[" * 20_000, "RecursionError"),
        ("astrodata: 1\n" + "# long\n" * 100_000, "too long"),
        ("astrodata: 1\nparameters: {day: 2026-99-99}\n", "no YAML"),
    ],
)
async def test_what_cannot_be_read_is_listed_by_its_file_and_says_why(found, root, text, said):
    (root / "bad.yaml").write_text(text)
    (root / "good.yaml").write_text(GOOD)
    bad, good = (await found())["pipelines"]
    assert (bad["name"], bad["parameters"]) == ("bad", [])
    assert said in bad["problem"]
    assert good["name"] == "cardio"


async def test_anchors_that_multiply_are_not_followed(found, root):
    lines = ["astrodata: 1", "parameters:", "  a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"  a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    (root / "bomb.yaml").write_text("\n".join(lines))
    [one] = (await found())["pipelines"]
    assert one["name"] == "bomb"
    assert len(json.dumps(one)) < 2_000


async def test_hidden_and_linked_files_pipes_and_deep_folders_are_not_looked_at(
    found, root, tmp_path_factory
):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.yaml").write_text(GOOD)
    (root / "link.yaml").symlink_to(outside / "secret.yaml")
    (root / "linked").symlink_to(outside)
    (root / ".hidden.yaml").write_text(GOOD)
    os.mkfifo(root / "pipe.yaml")
    for folder in ("astrodata/runs/x", "a/b/c/d"):
        (root / folder).mkdir(parents=True)
        (root / folder / "pipeline.yaml").write_text(GOOD)
    (root / "a/b/c/near.yaml").write_text(GOOD)
    assert [one["path"] for one in (await found())["pipelines"]] == ["a/b/c/near.yaml"]


def test_a_folder_of_many_files_is_not_looked_through(tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline_listing, "MOST_ENTRIES", 20)
    for i in range(30):
        (tmp_path / f"{i}.yaml").write_text(GOOD)
    body = pipeline_listing.listing(str(tmp_path))
    assert len(body["pipelines"]) == 20
    assert "many files" in body["warnings"][0]


def test_without_a_reader_of_yaml_files_are_known_by_their_names(tmp_path, monkeypatch):
    (tmp_path / "cardio.yaml").write_text(GOOD)
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "yaml":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    [one] = pipeline_listing.listing(str(tmp_path))["pipelines"]
    assert (one["name"], one["parameters"]) == ("cardio", [])
