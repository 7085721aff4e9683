"""Plots of a report as SVG, drawn here: lines and dots need no plotting library; no torch.

Colours are the page's own (`currentColor` and CSS classes), so that a plot reads on dark, on light
and on paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

WIDTH = 720
ROW = 26  # height of a row of intervals
LEFT = 260  # where the scale of intervals begins
RIGHT = 90  # room for the number
SIDE = 300  # of the square of the reliability curve


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a plot of intervals: a value between its ends, floors, and a published value."""

    name: str
    value: float
    low: float
    high: float
    floors: tuple[float, ...] = ()
    published: tuple[float, ...] = ()
    is_faint: bool = False  # few cases


def intervals(bars: Sequence[Bar], title: str, most: float = 0.0) -> str:
    """Rows of values with their intervals on one scale from 0; "" without a row."""
    if not bars:
        return ""
    ends = [end for bar in bars for end in (bar.high, *bar.floors, *bar.published)]
    top = most or max(100.0, *ends)
    height = ROW * len(bars) + 34

    def x(value: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * min(max(value, 0.0), top) / top, 1)

    parts = [_opening(WIDTH, height, title)]
    for step in range(6):
        tick = top * step / 5
        parts.append(_line(x(tick), 8, x(tick), height - 26, "grid"))
        parts.append(_text(x(tick), height - 10, f"{tick:.0f}", "tick", "middle"))
    for place, bar in enumerate(bars):
        y = 8 + ROW * place + ROW / 2
        name = bar.name if len(bar.name) <= 40 else bar.name[:39] + "\u2026"
        faint = " faint" if bar.is_faint else ""
        parts.append(_text(LEFT - 10, y + 4, name, "name" + faint, "end"))
        parts.append(_line(x(bar.low), y, x(bar.high), y, "span" + faint))
        for floor in bar.floors:
            parts.append(_line(x(floor), y - 7, x(floor), y + 7, "floor"))
        for value in bar.published:
            parts.append(_diamond(x(value), y))
        parts.append(f'<circle class="dot{faint}" cx="{x(bar.value)}" cy="{y}" r="4.5"/>')
        parts.append(_text(WIDTH - RIGHT + 12, y + 4, f"{bar.value:.1f}", "value" + faint, "start"))
    return "".join([*parts, "</svg>"])


def reliability_plot(bins: Sequence[Mapping[str, Any]], title: str) -> str:
    """What was said against what was right, with the interval of each bin; dots grow with cases."""
    if not bins:
        return ""
    edge, size = 46, SIDE + 66
    whole = sum(int(one["cases"]) for one in bins)

    def x(value: float) -> float:
        return round(edge + SIDE * value / 100, 1)

    def y(value: float) -> float:
        return round(12 + SIDE * (1 - value / 100), 1)

    parts = [_opening(size, size, title)]
    for tick in range(0, 101, 20):
        parts.append(_line(x(tick), y(0), x(tick), y(100), "grid"))
        parts.append(_line(x(0), y(tick), x(100), y(tick), "grid"))
        parts.append(_text(x(tick), y(0) + 18, str(tick), "tick", "middle"))
        parts.append(_text(x(0) - 8, y(tick) + 4, str(tick), "tick", "end"))
    parts.append(_line(x(0), y(0), x(100), y(100), "ideal"))
    for one in bins:
        parts.append(_line(x(one["said"]), y(one["low"]), x(one["said"]), y(one["high"]), "span"))
    for one in bins:
        radius = round(3 + 7 * (int(one["cases"]) / whole) ** 0.5, 1)
        parts.append(
            f'<circle class="dot" cx="{x(one["said"])}" cy="{y(one["right"])}" r="{radius}"/>'
        )
    parts.append(_text(x(50), y(0) + 40, "probability said, %", "name", "middle"))
    parts.append(
        f'<text class="name" text-anchor="middle" transform="translate(14 {y(50)}) rotate(-90)">'
        "right, %</text>"
    )
    return "".join([*parts, "</svg>"])


def facts_plot(rows: Sequence[Mapping[str, Any]], title: str) -> str:
    """Of each finding how many texts state it rightly, against the label, or without one."""
    kept = [one for one in rows if one["stated"] or one["labelled"]]
    if not kept:
        return ""
    kinds = ("supported", "contradictory", "unsupported", "missed")
    top = max(sum(int(one[kind]) for kind in kinds) for one in kept) or 1
    height = ROW * len(kept) + 12
    scale = (WIDTH - LEFT - RIGHT) / top
    parts = [_opening(WIDTH, height, title)]
    for place, one in enumerate(kept):
        y, x = 6 + ROW * place, float(LEFT)
        parts.append(_text(LEFT - 10, y + ROW / 2 + 4, str(one["finding"]), "name", "end"))
        for kind in kinds:
            width = round(scale * int(one[kind]), 1)
            if width:
                parts.append(
                    f'<rect class="{kind}" x="{x:.1f}" y="{y + 4}" width="{width}" '
                    f'height="{ROW - 8}"><title>{int(one[kind])} {kind}</title></rect>'
                )
            x += width
        counts = " / ".join(str(one[kind]) for kind in kinds)
        parts.append(_text(x + 8, y + ROW / 2 + 4, counts, "tick", "start"))
    return "".join([*parts, "</svg>"])


def _opening(width: float, height: float, title: str) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(title, quote=True)}"><title>{escape(title)}</title>'
    )


def _line(x0: float, y0: float, x1: float, y1: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x0}" y1="{y0}" x2="{x1}" y2="{y1}"/>'


def _text(x: float, y: float, text: str, kind: str, anchor: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


def _diamond(x: float, y: float) -> str:
    points = f"{x},{y - 6} {x + 6},{y} {x},{y + 6} {x - 6},{y}"
    return f'<polygon class="published" points="{points}"/>'
