"""A model card as text for people; needs no torch, so that every program can show it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any


def card_text(card: Mapping[str, Any]) -> str:
    """The card for people: plain text, lines of at most 100 letters."""
    model = card["model"]
    lines = [f"{model['name']} {model['version']}", f"weights SHA-256 {model['sha256']}", ""]
    for paragraph in card["said"]:
        lines += textwrap.wrap(paragraph, 96)
    lines += ["", "Learnt from"]
    for source in card["sources"]:
        lines += textwrap.wrap(source, 92, initial_indent="  ", subsequent_indent="    ")
    lines += ["", "Held-out figures (95 % interval)"]
    for one in card["figures"]:
        span = f"({shown(one['low'])} to {shown(one['high'])})"
        lines.append(f"  {one['title']}")
        lines.append(f"    {shown(one['value'])} {span}, {one['cases']} cases of {one['groups']}")
        lines += [f"    beside {shown(f['value'])}: {f['name']}" for f in one["floors"]]
    lines += ["", "Wanted"]
    for aim in card["wanted"]:
        points = f" ({aim['points']:+.1f} points)" if "points" in aim else ""
        lines.append(f"  {'reached' if aim['reached'] else 'not reached'}: {aim['aim']}{points}")
    training = card["training"]
    if training:
        lines += ["", "Training"]
        for key, value in training.items():
            lines += textwrap.wrap(
                f"{key}: {value}", 94, initial_indent="  ", subsequent_indent="    "
            )
    return "\n".join(lines) + "\n"


def shown(value: float | None) -> str:
    """Three decimals, or a word where there is no figure."""
    return "no figure" if value is None else f"{value:.3f}"
