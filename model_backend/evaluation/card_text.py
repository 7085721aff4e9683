"""A model card as text for people; needs no torch, so that every program can show it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

SAME = ("set", "sha256", "task", "split", "part")  # what makes two results comparable


def card_text(card: Mapping[str, Any], acceptance: Sequence[Mapping[str, Any]] = ()) -> str:
    """The card for people, with the results of `wetread model check`: plain text, lines of at most
    100 letters."""
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
        reached = "reached" if aim["reached"] else "not reached"
        text = f"{reached}: {aim['aim']}{points}"
        lines += textwrap.wrap(text, 96, initial_indent="  ", subsequent_indent="    ")
    lines += acceptance_text(acceptance)
    training = card["training"]
    if training:
        lines += ["", "Training"]
        for key, value in training.items():
            lines += textwrap.wrap(
                f"{key}: {value}", 94, initial_indent="  ", subsequent_indent="    "
            )
    return "\n".join(lines) + "\n"


def acceptance_text(acceptance: Sequence[Mapping[str, Any]]) -> list[str]:
    """The lines about the newest result on each set, part and task; none where there is none."""
    newest = {tuple(one.get(key) for key in SAME): one for one in acceptance}
    lines = ["", "Checked on labelled sets (95 % interval)"] if newest else []
    for one in newest.values():
        part = f", part {one['split']}" if one["split"] else ""
        how = " ".join(word for word in (one["precision"], one["device"]) if word)
        lines.append(f"  {one['set']}{part}: {one['cases']} cases, {one['date'][:10]}, {how}")
        for name, score in one["scores"].items():
            span = f"({shown(score['low'], 1)} to {shown(score['high'], 1)})"
            reported = ", ".join(
                f"{two['values'][name]} {two['kind']}"
                for two in one["published"]
                if name in two["values"]
            )
            beside = f"; the authors report {reported}" if reported else ""
            words = name.replace("_", " ")
            lines.append(f"    {words} {shown(score['value'], 1)} % {span}{beside}")
        lines += textwrap.wrap(one["verdict"], 92, initial_indent="    ", subsequent_indent="    ")
    return lines


def shown(value: float | None, digits: int = 3) -> str:
    """Three decimals, or a word where there is no figure."""
    return "no figure" if value is None else f"{value:.{digits}f}"
