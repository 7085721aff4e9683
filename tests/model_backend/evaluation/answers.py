"""Cases with answers, made up in a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from model_backend.evaluation.asked import Said
from model_backend.evaluation.labelled import LabelledCase
from model_backend.request import CHOICE, Answer, ModelIdentity

ME = ModelIdentity("made up", "1", "0" * 64)
YES_NO = ("yes", "no")


def said(
    task: str,
    right: str,
    given: str,
    *,
    group: str = "",
    text: str = "",
    shares: tuple[float, ...] | None = None,
    candidates: tuple[str, ...] = (),
    attributes: Mapping[str, str] = {},
    labels: Mapping[str, bool] = {},
    is_closed: bool | None = None,
    line: int = 1,
) -> Said:
    """One case and what was said to it."""
    case = LabelledCase(
        line,
        task,
        {right: 1.0} if right else {},
        group or f"{line}",
        text,
        candidates=candidates,
        is_closed=is_closed,
        labels=labels,
        attributes=attributes,
    )
    return Said(case, Answer("1", given, shares, False, ME, calibrated=True))


def yes_no_cases(count: int, seed: int = 0, **more: object) -> list[Said]:
    """Yes/no answers that are somewhat right, two a patient."""
    chance = np.random.default_rng(seed)
    cases = []
    for place in range(count):
        right = bool(chance.random() < 0.4)
        share = float(np.clip(chance.normal(0.65 if right else 0.35, 0.2), 0.01, 0.99))
        cases.append(
            said(
                CHOICE,
                "yes" if right else "no",
                "yes" if share >= 0.5 else "no",
                group=f"p{place // 2}",
                text="is it there?",
                shares=(share, 1 - share),
                candidates=YES_NO,
                line=place + 1,
                **more,  # type: ignore[arg-type]
            )
        )
    return cases


def named(rows: Sequence[object], name: str) -> object:
    """The one of these that has this name."""
    (found,) = [one for one in rows if getattr(one, "name", None) == name]
    return found
