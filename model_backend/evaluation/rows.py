"""From one row of a labelled file to a case: JSON lines, and the authors' tables; no torch."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from model_backend.evaluation.labelled import BadRow, LabelledCase
from model_backend.request import (
    ANSWER,
    CHOICE,
    CLASSIFY,
    DETECTION,
    ENTAILMENT,
    FINDINGS,
    GROUNDING,
    INFILL_IMAGE,
    MATCHING,
    REGION,
    SUMMARY,
    Place,
)
from model_backend.tasks import CONTRADICTED, ENTAILED, NEUTRAL, TASKS

# The label column of the authors' NLI tables (spec §8), and the words that others use.
ENTAILMENTS = {
    "1": ENTAILED,
    "2": CONTRADICTED,
    "0": NEUTRAL,
    "yes": ENTAILED,
    "no": CONTRADICTED,
    "maybe": NEUTRAL,
    "entailment": ENTAILED,
    "contradiction": CONTRADICTED,
    ENTAILED: ENTAILED,
    NEUTRAL: NEUTRAL,
    CONTRADICTED: CONTRADICTED,
}
YES_NO = ("yes", "no")
ATTRIBUTES = ("sex", "age", "view", "modality", "image_organ", "source")  # of JSON lines
CHOSEN = frozenset(name for name, task in TASKS.items() if task.gives == "choice")
UNMEASURED = (DETECTION, INFILL_IMAGE)
_WEIGHED = "|!+"  # in the authors' tables between an answer's weight and the answer
_IMAGES = (b"\xff\xd8", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")  # first bytes

_ASKS_YES_OR_NO = re.compile(
    r"\s*(is|are|was|were|do|does|did|has|have|had|can|could|should|would|will|may|must|any)\b",
    re.IGNORECASE,
)


def asks_yes_or_no(question: str) -> bool:
    """True when yes or no answers the question; one that offers two things asks otherwise."""
    return bool(_ASKS_YES_OR_NO.match(question)) and not re.search(r"\bor\b", question.lower())


def plain(answer: str) -> str:
    """As answers are compared: small letters, single blanks, none at the ends."""
    return " ".join(answer.lower().split())


# --- JSON lines ---


def json_case(row: Mapping[str, Any], line: int, folder: Path, task: str) -> LabelledCase:
    """A case from a JSON object whose image is a path relative to `folder`.

    `task` is for rows that do not name their own. Raises BadRow.
    """
    name = _text(row, "image", "image_name", "file")
    task = _text(row, "task") or task or _task_of(row, bool(name))
    if task not in TASKS or task in UNMEASURED:
        raise BadRow(f"its task {task[:40]!r} is none that can be measured here")
    if TASKS[task].has_image and not name:
        raise BadRow('it names no "image"')
    picture = partial(picture_of, folder, name) if TASKS[task].has_image else None
    candidates = _candidates(row)
    asked_closed = _closed(row, candidates)
    texts = _asked_texts(row, task)
    if task in (ANSWER, CHOICE):
        task = CHOICE if candidates else ANSWER
    return LabelledCase(
        line=line,
        task=task,
        references={} if task == GROUNDING else _references(row, task),
        group=_text(row, "patient", "group") or name or f"line {line}",
        text=texts[0],
        text2=texts[1],
        candidates=candidates,
        picture=picture,
        box=_box(row) if task == REGION else None,
        place=_box(row) if task == GROUNDING else None,
        is_closed=asked_closed if task in (ANSWER, CHOICE) else None,
        split=_split(row),
        labels=_labels(row),
        attributes={name: _text(row, name) for name in ATTRIBUTES if _text(row, name)},
    )


def _labels(row: Mapping[str, Any]) -> dict[str, bool]:
    """`"labels": {"effusion": true}`: a finding that is not named is unknown."""
    value = row.get("labels", {})
    if not isinstance(value, dict) or not all(isinstance(one, bool) for one in value.values()):
        raise BadRow('its "labels" are not findings with true or false')
    return {str(name): shown for name, shown in value.items()}


def _task_of(row: Mapping[str, Any], has_image: bool) -> str:
    """What a row asks for, from the fields that it has."""
    if "premise" in row:
        return ENTAILMENT
    if "question" in row:
        return ANSWER
    if not has_image:
        return SUMMARY
    if "box" in row:
        return GROUNDING if "text" in row else REGION
    if "label" in row:
        return CLASSIFY
    return MATCHING if "text" in row and "answer" in row else FINDINGS


def _asked_texts(row: Mapping[str, Any], task: str) -> tuple[str, str]:
    wanted = TASKS[task].texts
    names = (("question", "text", "premise"), ("text2", "hypothesis", "trial"))
    found = [_text(row, *(wanted[i : i + 1]), *names[i]) if i < len(wanted) else "" for i in (0, 1)]
    for place, name in enumerate(wanted):
        if not found[place].strip():
            raise BadRow(f'it has no "{name}"')
    return found[0], found[1]


def _references(row: Mapping[str, Any], task: str) -> dict[str, float]:
    names = ["answer", "label", "summary", "caption", "references"]
    if task in (FINDINGS, REGION):
        names.append("text")
    key = next((name for name in names if name in row), "")
    if not key and task in (FINDINGS, SUMMARY) and row.get("labels"):
        return {}  # only its facts are measured
    if not key:
        raise BadRow('it has no "answer"')
    value = row[key]
    given = value if isinstance(value, list) else [value]
    if isinstance(value, dict):
        weighed = {str(answer): _weight(weight) for answer, weight in value.items()}
    else:
        weighed = {_scalar(one, key): 1.0 for one in given}
    return checked(weighed, task)


def checked(references: Mapping[str, float], task: str) -> dict[str, float]:
    kept = {answer: weight for answer, weight in references.items() if answer.strip()}
    if not kept:
        raise BadRow("its answer is empty")
    if task != ENTAILMENT:
        return kept
    unknown = [one for one in kept if plain(one) not in ENTAILMENTS]
    if unknown:
        raise BadRow(f"its label {unknown[0][:40]!r} is none of entailed, neutral, contradicted")
    return {ENTAILMENTS[plain(one)]: weight for one, weight in kept.items()}


def _scalar(value: object, key: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str | int | float):
        raise BadRow(f'its "{key}" is no text')
    return str(value).strip()


def _weight(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise BadRow("an answer's weight is above 0 and at most 1")
    return float(value)


def _text(row: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that the row has; "" when it has none."""
    for name in names:
        if name in row and row[name] is not None:
            return _scalar(row[name], name)
    return ""


def _candidates(row: Mapping[str, Any]) -> tuple[str, ...]:
    value = row.get("candidates", [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadRow('its "candidates" are no list of texts')
    return tuple(value)


def _closed(row: Mapping[str, Any], candidates: Sequence[str]) -> bool | None:
    said = _text(row, "answer_type", "closed").strip().upper()
    if said in ("CLOSED", "YES", "TRUE"):
        return True
    if said in ("OPEN", "NO", "FALSE"):
        return False
    return True if candidates else None


def _split(row: Mapping[str, Any]) -> str:
    """VQA-RAD marks its test questions by their kind of phrase: test_freeform, test_para."""
    said = _text(row, "split", "official_split")
    return said or ("test" if _text(row, "phrase_type").startswith("test") else "")


def _box(row: Mapping[str, Any]) -> Place:
    value = row.get("box")
    if (
        not isinstance(value, list)
        or len(value) != 4
        or not all(type(one) in (int, float) and math.isfinite(one) for one in value)
        or not (value[0] <= value[2] and value[1] <= value[3])
    ):
        raise BadRow('its "box" is not four numbers x0, y0, x1, y1 in pixels')
    x0, y0, x1, y1 = (float(one) for one in value)
    return Place(x0, y0, x1, y1)


def picture_of(folder: Path, name: str) -> bytes:
    """The image file; a name that leads out of the folder of the set is not followed."""
    words = PurePath(name)
    if words.is_absolute() or ".." in words.parts:
        raise BadRow(f"its image {name[:80]!r} lies outside the folder of the set")
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise BadRow(f"its image {name[:80]!r} cannot be read ({error.strerror})") from error
    except ValueError as error:  # a NUL in the name
        raise BadRow("its image has no name that a file can have") from error


# --- the authors' tables: columns parted by tabs ---


def table_task(cells: Sequence[str]) -> str:
    """What a table holds, from its first row. Raises BadRow when it cannot be told."""
    image = _image_column(cells)
    if any(_WEIGHED in cell for cell in cells):
        return ANSWER
    if image is None and len(cells) == 3 and plain(cells[2]) in ENTAILMENTS:
        return ENTAILMENT
    if image is None and len(cells) == 2:
        return SUMMARY
    if image is not None and len(cells) == 5:
        return FINDINGS
    if image is not None and len(cells) in (2, 3):
        return CLASSIFY
    raise BadRow(f"its {len(cells)} columns are those of no table that is known here")


def table_case(cells: Sequence[str], line: int, task: str) -> LabelledCase:
    """A case from a row of the authors' tables (spec §8). Raises BadRow.

    questions: id, image id, question, `weight|!+answer` joined by `&&`, objects, base64 image;
    captions: id, image id, caption (several joined by `&&`), objects, base64 image; classes: a
    base64 image and a label, perhaps an id before; NLI: premise, hypothesis, label; summaries:
    text, summary.
    """
    if task == ENTAILMENT:
        return _pair_case(cells, line)
    if task == SUMMARY:
        _columns(cells, 2)
        if not cells[0].strip():
            raise BadRow("its text is empty")
        references = checked({cells[1]: 1.0}, task)
        return LabelledCase(line, task, references, group=f"line {line}", text=cells[0])
    image = _image_column(cells)
    if image is None:
        raise BadRow("none of its columns is a picture in base64")
    picture = partial(from_base64, cells[image])
    if task in (ANSWER, CHOICE):
        _columns(cells, 6)
        if not cells[2].strip():
            raise BadRow("its question is empty")
        return LabelledCase(
            line, ANSWER, weighed_answers(cells[3]), cells[1], cells[2], picture=picture
        )
    rest = [cell for place, cell in enumerate(cells) if place != image]
    if task == FINDINGS:
        _columns(cells, 5)
        captions = {one.strip(): 1.0 for one in cells[2].split("&&")}
        return LabelledCase(line, task, checked(captions, task), cells[1], picture=picture)
    if task == CLASSIFY and rest:
        group = rest[0] if len(rest) > 1 else f"line {line}"
        return LabelledCase(line, task, checked({rest[-1]: 1.0}, task), group, picture=picture)
    raise BadRow(f"a table cannot hold the task {task}; write JSON lines instead")


def _pair_case(cells: Sequence[str], line: int) -> LabelledCase:
    _columns(cells, 3)
    if not (cells[0].strip() and cells[1].strip()):
        raise BadRow("one of its two texts is empty")
    references = checked({cells[2]: 1.0}, ENTAILMENT)
    return LabelledCase(line, ENTAILMENT, references, cells[0], cells[0], cells[1])


def weighed_answers(cell: str) -> dict[str, float]:
    """`0.3|!+no&&1|!+yes` as answers with their weights; a later weight of the same one stands."""
    answers: dict[str, float] = {}
    for item in cell.split("&&"):
        weight, mark, answer = item.partition(_WEIGHED)
        try:
            value = float(weight)
        except ValueError:
            value = math.nan
        if not mark or not 0 < value <= 1:
            raise BadRow(f"its answers {cell[:40]!r} are not weight|!+answer joined by &&")
        answers[answer.strip()] = value
    return checked(answers, ANSWER)


def from_base64(text: str) -> bytes:
    """Bytes from base64 in the standard or the URL-safe alphabet (spec §13.17). Raises BadRow."""
    standard = re.sub(r"\s", "", text).translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRow("its picture is no base64") from error


def _image_column(cells: Sequence[str]) -> int | None:
    """The place of the picture: the longest cell that is base64 of an image's first bytes."""
    for place in sorted(range(len(cells)), key=lambda index: -len(cells[index])):
        try:
            start = from_base64(cells[place][:16])
        except BadRow:
            continue
        if start.startswith(_IMAGES):
            return place
    return None


def _columns(cells: Sequence[str], wanted: int) -> None:
    if len(cells) != wanted:
        raise BadRow(f"it has {len(cells)} columns where there are {wanted}")
