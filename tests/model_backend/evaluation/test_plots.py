"""Plots are well-formed SVG whose marks lie where the numbers say."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from model_backend.evaluation.plots import LEFT, RIGHT, WIDTH, Bar, facts_plot, intervals
from model_backend.evaluation.plots import reliability_plot as reliability

NAMES = ("supported", "contradictory", "unsupported", "missed")


def places(svg: str, kind: str, attribute: str) -> list[float]:
    """An attribute of all marks of a class."""
    marks = ElementTree.fromstring(svg).iter()
    return [float(one.attrib[attribute]) for one in marks if one.get("class") == kind]


def test_a_value_lies_between_its_ends_on_a_scale_from_nought() -> None:
    svg = intervals([Bar("a < b", 50, 40, 60, floors=(0.0,), published=(100.0,))], "title")

    (dot,) = places(svg, "dot", "cx")
    (low,), (high,) = places(svg, "span", "x1"), places(svg, "span", "x2")
    assert dot == LEFT + (WIDTH - LEFT - RIGHT) / 2 and low < dot < high
    assert dot - low == high - dot and places(svg, "floor", "x1") == [float(LEFT)]
    assert "a &lt; b" in svg


def test_a_figure_above_a_hundred_stretches_the_scale() -> None:
    svg = intervals([Bar("CIDEr", 122.7, 110, 140), Bar("ROUGE-L", 36, 30, 40)], "title")

    first, second = places(svg, "dot", "cx")
    assert second < first < WIDTH - RIGHT


def test_few_cases_are_faint() -> None:
    svg = intervals([Bar("few", 50, 0, 100, is_faint=True)], "title")

    assert places(svg, "dot faint", "cx") and not places(svg, "dot", "cx")


def test_a_bin_that_keeps_its_word_lies_on_the_diagonal() -> None:
    one = {"said": 80.0, "right": 80.0, "low": 70.0, "high": 90.0, "cases": 9}

    svg = reliability([one], "title")

    (x,), (y,) = places(svg, "dot", "cx"), places(svg, "dot", "cy")
    start, end = places(svg, "ideal", "x1")[0], places(svg, "ideal", "x2")[0]
    bottom, top = places(svg, "ideal", "y1")[0], places(svg, "ideal", "y2")[0]
    assert abs((x - start) / (end - start) - 0.8) < 0.01
    assert abs((bottom - y) / (bottom - top) - 0.8) < 0.01


def test_bars_of_facts_are_as_long_as_their_counts() -> None:
    rows = [
        {
            "finding": "effusion",
            "stated": 6,
            "labelled": 5,
            **dict(zip(NAMES, (4, 1, 1, 0), strict=True)),
        },
        {"finding": "mass", "stated": 0, "labelled": 0, **dict.fromkeys(NAMES, 0)},
    ]

    svg = facts_plot(rows, "title")

    wide, narrow = places(svg, "supported", "width"), places(svg, "contradictory", "width")
    assert abs(wide[0] - 4 * narrow[0]) < 0.5 and len(wide) == 1
    assert "effusion" in svg and "mass" not in svg


def test_nothing_to_show_is_no_plot() -> None:
    assert intervals([], "t") == reliability([], "t") == facts_plot([], "t") == ""
    assert not re.search("<svg", facts_plot([], "t"))
