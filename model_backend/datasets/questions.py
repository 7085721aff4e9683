"""Questions about pictures as rows, in the one form that all sets of questions are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from model_backend.datasets.draft import Draft
from model_backend.datasets.row import Row
from model_backend.evaluation.rows import YES_NO, plain
from model_backend.request import ANSWER


def question(
    name: str,
    group: str,
    text: str,
    answer: str,
    picture: Callable[[], bytes],
    *,
    is_closed: bool | None = None,
    official: str = "",
    place: str = "",
    attributes: Mapping[str, str] = {},
) -> Draft:
    """A question with one right answer, in small letters as answers are compared.

    Where yes or no answers it, these two are its candidates.
    """
    said = plain(answer)
    row = Row(
        id=name,
        task=ANSWER,
        part="",
        group=group,
        text=text.strip(),
        answer=said,
        references={said: 1.0} if said else {},
        candidates=YES_NO if said in YES_NO else (),
        is_closed=is_closed,
        attributes={key: value for key, value in attributes.items() if value},
    )
    return Draft(row, (picture,), official, place)
