"""Texts with a shorter text, a label or a picture beside them, as rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from model_backend.datasets.draft import Draft
from model_backend.datasets.row import Row
from model_backend.request import CLASSIFY, FINDINGS, SUMMARY


def summary(
    name: str,
    group: str,
    text: str,
    short: str,
    *,
    official: str = "",
    place: str = "",
    attributes: Mapping[str, str] = {},
) -> Draft:
    """A text and what it is made short to."""
    row = Row(
        name,
        SUMMARY,
        "",
        group,
        text=_even(text),
        answer=_even(short),
        references={_even(short): 1.0} if _even(short) else {},
        attributes={key: value for key, value in attributes.items() if value},
    )
    return Draft(row, (), official, place)


def caption(
    name: str,
    group: str,
    text: str,
    pictures: tuple[Callable[[], bytes], ...],
    *,
    official: str = "",
    place: str = "",
    attributes: Mapping[str, str] = {},
    labels: Mapping[str, bool] = {},
) -> Draft:
    """Pictures and what is written about them."""
    row = Row(
        name,
        FINDINGS,
        "",
        group,
        answer=_even(text),
        references={_even(text): 1.0} if _even(text) else {},
        labels=labels,
        attributes={key: value for key, value in attributes.items() if value},
    )
    return Draft(row, pictures, official, place)


def classified(
    name: str,
    group: str,
    label: str,
    classes: tuple[str, ...],
    picture: Callable[[], bytes],
    *,
    official: str = "",
    place: str = "",
    attributes: Mapping[str, str] = {},
    labels: Mapping[str, bool] = {},
) -> Draft:
    """A picture of one class among several."""
    row = Row(
        name,
        CLASSIFY,
        "",
        group,
        answer=label,
        references={label: 1.0} if label else {},
        candidates=classes,
        labels=labels or {one: one == label for one in classes},
        attributes={key: value for key, value in attributes.items() if value},
    )
    return Draft(row, (picture,), official, place)


def _even(text: str) -> str:
    """On one line, with single blanks."""
    return " ".join(text.split())
