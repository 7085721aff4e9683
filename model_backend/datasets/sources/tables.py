"""The authors' own TSV tables: questions, captions, classes, pairs of texts, summaries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from model_backend.datasets.draft import Draft, Fault, Found, Origin, Source
from model_backend.datasets.parting import official_part
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.row import Row
from model_backend.evaluation.labelled import BadRow, LabelledCase
from model_backend.evaluation.reading import lines_of
from model_backend.evaluation.rows import YES_NO, from_base64, plain, table_case, table_task
from model_backend.request import ANSWER, CLASSIFY, FINDINGS, INFILL_IMAGE
from model_backend.tasks import TASKS

CODES = 8192  # different image codes
_CODES = re.compile(r" *\d{1,5}(?: +\d{1,5}){15,} *")  # at least 4 x 4 of them
_OBJECTS = {ANSWER: 4, FINDINGS: 3}  # the column of the objects, joined by &&


def read(origin: Origin) -> Iterator[Found]:
    """The rows of one table, or of every table of a folder, whose names say their part.

    Each table's first row says what kind it is, unless the option `task` does.
    """
    files = [origin.path] if origin.path.is_file() else sorted(origin.path.glob("*.tsv"))
    if not files:
        raise DatasetProblem(f"The folder {origin.path} has no .tsv file.")
    for file in files:
        yield from _table(file, origin.options.get("task", ""), _part_of(file))


def _part_of(file: Path) -> str:
    words = re.split(r"[^a-z]+", file.stem.lower())
    return next((part for part in map(official_part, words) if part), "")


def _table(file: Path, task: str, part: str) -> Iterator[Found]:
    for line, text in lines_of(file):
        cells = text.split("\t")
        place = f"line {line} of {file.name}"
        try:
            task = task or _task_of(cells)
            if task == INFILL_IMAGE:
                yield _coded(cells, f"{file.stem} {line}", part, place)
                continue
            case = table_case(cells, line, task)
        except BadRow as bad:
            if not task:
                raise DatasetProblem(
                    f"{file} is no table of the authors': {bad}. Columns are parted by tabs."
                ) from bad
            yield Fault(place, str(bad))
            continue
        yield _draft(case, cells, file, (part, place))


def _task_of(cells: list[str]) -> str:
    """What a table holds, from its first row. Raises BadRow when it cannot be told."""
    return INFILL_IMAGE if any(_CODES.fullmatch(cell) for cell in cells) else table_task(cells)


def _coded(cells: list[str], name: str, part: str, place: str) -> Draft:
    """A picture with the codes of its middle. Raises BadRow."""
    coded = next((cell for cell in cells if _CODES.fullmatch(cell)), None)
    if coded is None or len(cells) < 2:
        raise BadRow("it has no codes, parted by blanks")
    picture = max((cell for cell in cells if cell is not coded), key=len)
    codes = tuple(int(code) for code in coded.split())
    if max(codes) >= CODES:
        raise BadRow(f"its codes are no numbers from 0 to {CODES - 1}")
    group = cells[0] if cells[0] not in (coded, picture) else name
    row = Row(name, INFILL_IMAGE, "", group, codes=codes)
    return Draft(row, (partial(from_base64, picture),), part, place)


def _draft(case: LabelledCase, cells: list[str], file: Path, where: tuple[str, str]) -> Draft:
    part, place = where
    objects = cells[_OBJECTS[case.task]].strip() if case.task in _OBJECTS else ""
    return draft_of(
        case,
        f"{file.stem} {case.line}",
        official=part,
        place=place,
        attributes={"objects": objects} if objects else {},
    )


def draft_of(
    case: LabelledCase,
    name: str,
    *,
    official: str = "",
    place: str = "",
    attributes: dict[str, str] | None = None,
) -> Draft:
    """A labelled case, as `wetread model check` reads it, as a row."""
    candidates = case.candidates or TASKS[case.task].candidates
    said = {plain(one) for one in case.references}
    if case.task == ANSWER and said <= set(YES_NO) and said:
        candidates = YES_NO
    row = Row(
        name,
        case.task,
        "",
        case.group,
        text=case.text,
        text2=case.text2,
        answer=case.answer,
        references=dict(case.references),
        candidates=candidates if case.answer in candidates else case.candidates,
        labels={case.answer: True} if case.task == CLASSIFY else {},
        is_closed=case.is_closed,
        attributes=attributes or {},
    )
    pictures: tuple[Callable[[], bytes], ...] = (case.picture,) if case.picture else ()
    return Draft(row, pictures, official, place)


SOURCE = Source(
    "tables",
    "The authors' TSV tables",
    "of the set that the table was made from",
    "a .tsv file, or a folder of them with train, val or test in their names: questions (id, image "
    "id, question, weight|!+answer joined by &&, objects, image in base64), captions (id, image "
    "id, caption, objects, image), classes (image, label), pairs (two texts, label), summaries, "
    "image codes (id, image, codes parted by blanks)",
    "spec of this project, section 8; both alphabets of base64 are read",
    "image id",
    read,
    "Tables do not name patients: where one has several images, their parts are not held apart.",
)
