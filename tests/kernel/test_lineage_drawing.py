"""Graphs as drawings and as text: places of boxes, hostile names, and what is too much to draw."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from astrodata_kernel.lineage import Box, Lineage, draw, tree
from astrodata_kernel.lineage.drawing import MARKS
from astrodata_kernel.lineage.layout import against, layout
from astrodata_kernel.lineage.records import step_of
from hypothesis import given, settings
from hypothesis import strategies as st

SVG = "{http://www.w3.org/2000/svg}"
NODES = st.integers(0, 12)
EDGES = st.lists(st.tuples(NODES, NODES), max_size=40)


def boxes_of(svg):
    """Give the boxes' rectangles by title: left, top, right, bottom."""
    found = {}
    for group in ET.fromstring(svg).iter(f"{SVG}g"):
        shape = group.find(f"{SVG}rect")
        x, y, width, height = (float(shape.get(name)) for name in ("x", "y", "width", "height"))
        found[group.find(f"{SVG}text").text] = (x, y, x + width, y + height)
    return found


@given(EDGES, st.lists(st.floats(50, 300), min_size=13, max_size=13))
@settings(max_examples=60, deadline=None)
def test_no_two_boxes_overlap_and_lines_lead_downwards_whatever_the_graph(edges, widths):
    found = layout(dict(enumerate(widths)), edges, 20)
    rows = {}
    for ident, (x, level) in found.places.items():
        rows.setdefault(level, []).append((x - widths[ident] / 2, x + widths[ident] / 2))
        assert x - widths[ident] / 2 >= -1e-6
        assert x + widths[ident] / 2 <= found.width + 1e-6
    assert set(rows) <= set(range(found.layers))
    for row in rows.values():
        for (_, right), (left, _) in pairwise(sorted(row)):
            assert left - right >= 20 - 1e-6
    for (a, b), (points, up) in zip(edges, found.lines, strict=True):
        assert points[0] == found.places[a]
        assert points[-1] == found.places[b]
        levels = [level for _, level in points]
        if a != b:
            assert levels == sorted(set(levels), reverse=up)
            assert up == ((a, b) in against(range(13), edges))


def test_lines_of_two_layers_that_can_be_drawn_without_crossing_do_not_cross():
    edges = [("a", "z"), ("b", "y"), ("c", "x")]
    found = layout(dict.fromkeys("abcxyz", 50.0), edges, 10)
    tops = sorted("abc", key=lambda one: found.places[one])
    assert [dict(edges)[one] for one in tops] == sorted("xyz", key=lambda one: found.places[one])


def test_a_file_that_the_last_step_needs_stands_right_above_it():
    edges = [("raw", "read"), ("read", "fit"), ("fit", "score"), ("weights", "score")]
    found = layout(dict.fromkeys(["raw", "read", "fit", "score", "weights"], 50.0), edges, 10)
    assert found.places["weights"][1] == found.places["fit"][1]


def test_a_drawing_tells_each_state_by_a_mark_and_its_name():
    boxes = [Box(state, f"step {state}", "block", "step", state) for state in MARKS]
    svg = draw(boxes)
    for state, mark in MARKS.items():
        assert f"{mark} {state} · block" in svg
    assert len(boxes_of(svg)) == len(MARKS)


def test_names_with_markup_are_text_and_nothing_else():
    evil = '"><script>alert(1)</script>&\u202e]]>\x00'
    svg = draw(
        [Box(evil, evil, evil, evil, evil, evil), Box("b", "b")],
        [(evil, "b", evil)],
        evil,
        alone=True,
    )
    tree_ = ET.fromstring(svg)
    kinds = {element.tag.removeprefix(SVG) for element in tree_.iter()}
    assert kinds == {"svg", "title", "style", "path", "g", "rect", "text"}
    names = {name for element in tree_.iter() for name in element.attrib}
    assert not [name for name in names if name.startswith("on") or "href" in name]
    assert "\u202e" not in svg
    assert tree([Box("a", "x\x1b[31m\nred")], []) == "x [31m red"


def test_long_names_are_shortened_in_the_middle_and_boxes_stay_small():
    svg = draw([Box("a", "x" * 1_000_000, "y" * 1_000_000, tip="z" * 1_000_000)])
    assert len(svg) < 5_000
    (title,) = boxes_of(svg)
    assert re.fullmatch(r"x+…x+", title)
    left, _, right, _ = boxes_of(svg)[title]
    assert right - left < 300


def test_edges_of_unknown_boxes_are_left_out_and_an_empty_graph_is_drawn():
    assert "astrodata-graph" in draw([])
    assert draw([Box("a", "a")], [("a", "b"), ("c", "a")]).count("<path") == 0


def test_a_box_that_leads_to_itself_is_drawn():
    svg = draw([Box("a", "a")], [("a", "a")])
    assert svg.count("stroke-dasharray") == 1


def test_a_chain_of_a_thousand_steps_stays_readable_as_text():
    boxes = [Box(str(n), f"step {n}") for n in range(1_000)]
    text = tree(boxes, [(str(n), str(n + 1)) for n in range(999)])
    lines = text.splitlines()
    assert lines[1] == "→ step 1"
    assert len(lines) == 501
    assert lines[-1] == "… and 500 more"
    wide = tree(boxes, [(str(n // 2), str(n)) for n in range(1, 1_000)], most=2_000)
    assert {line.split("step ")[1].split()[0] for line in wide.splitlines()} == {
        str(n) for n in range(1_000)
    }


def test_a_tree_names_what_stands_in_it_already_only_again():
    boxes = [Box(one, one) for one in "abcd"]
    edges = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("d", "a")]
    assert tree(boxes, edges).splitlines() == [
        "a",
        "├→ b",
        "│ → d",
        "│ → a (see above)",
        "└→ c",
        "  → d (see above)",
    ]


@pytest.mark.parametrize("count", [40, 400])
def test_beyond_two_hundred_boxes_a_lineage_is_summed_up_and_says_so(count):
    def told(number):
        key = f"sha256:{number:064x}"
        given = {"path": {"hash": f"sha256:{'f' * 64}", "kind": "file", "path": "/data/raw<b>.npz"}}
        return {
            "format": 1, "id": f"i{number}", "run": f"r{number}", "pipeline": "p", "step": "s",
            "block": "b", "parameters": {"long": "x" * 1_000_000}, "inputs": given,
            "outputs": {"t": {"hash": key, "kind": "table"}},
            "state": "failed" if number % 2 else "finished",
        }  # fmt: skip

    steps = [step_of(told(number)) for number in range(count)]
    keys = {item.key for step in steps for item in (*step.inputs, *step.outputs)}
    lineage = Lineage("it", steps, keys, direction="forward")
    shown = lineage._repr_html_()
    assert "<b>." not in shown
    if count == 40:
        assert shown.count('class="astrodata-step"') == 40
        assert "too many to draw" not in shown
        assert shown.count("✗ failed") == 20
        assert len(shown) < 200_000
    else:
        assert shown.count('class="astrodata-step"') == 1
        assert "801 steps and contents are too many to draw" in shown
        assert "400 × b, 200 failed" in shown
        assert "400 × table" in shown
        assert len(shown) < 10_000
    assert len(lineage.text()) < 50_000


def test_a_pipeline_of_a_thousand_steps_is_summed_up_by_block():
    def told(number):
        given = {"x": {"hash": f"sha256:{number:064x}", "kind": "value", "from": "s.x"}}
        made = {"x": {"hash": f"sha256:{number + 1:064x}", "kind": "table"}}
        return step_of(
            {"format": 1, "id": f"i{number}", "run": "r", "step": f"s{number}", "block": f"b{number % 3}",
             "inputs": given, "outputs": made}
        )  # fmt: skip

    steps = [told(number) for number in range(1_000)]
    lineage = Lineage(
        "it", steps, {item.key for one in steps for item in (*one.inputs, *one.outputs)}
    )
    shown = lineage._repr_html_()
    assert "summed up by block" in shown
    assert shown.count('class="astrodata-step"') == 3
    assert "334 steps" in shown
    assert 'class="astrodata-data"' in shown
