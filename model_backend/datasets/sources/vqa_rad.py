"""VQA-RAD: clinicians' questions about 315 teaching images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from model_backend.datasets.draft import Found, Origin, Source
from model_backend.datasets.files import found_in, inside, json_rows, word
from model_backend.datasets.parting import official_part
from model_backend.datasets.picture import file_of
from model_backend.datasets.questions import question

PUBLIC = "VQA_RAD Dataset Public.json"


def read(origin: Origin) -> Iterator[Found]:
    """Its questions; the phrase type `test_...` marks the official test questions."""
    file = found_in(origin.path, PUBLIC, "questions.jsonl")
    names = ("VQA_RAD Image Folder", "images")
    folder = next((origin.path / one for one in names if (origin.path / one).is_dir()), origin.path)
    # By image, so that each picture is read once and stands once in the data set.
    for place, row in sorted(json_rows(file), key=_image):
        phrase, image = word(row.get("phrase_type")), word(row.get("image_name"))
        part = "test" if phrase.startswith("test") else "train"
        yield question(
            word(row.get("qid")) or place,
            image,
            word(row.get("question")),
            word(row.get("answer")),
            file_of(inside(folder, image)),
            is_closed=word(row.get("answer_type")).upper() == "CLOSED",
            official=official_part(word(row.get("official_split")) or part),
            place=place,
            attributes={
                "organ": word(row.get("image_organ")).lower(),
                "kind": word(row.get("question_type")).lower(),
                "phrase": phrase,
            },
        )


def _image(found: tuple[str, dict[str, Any]]) -> str:
    return word(found[1].get("image_name"))


SOURCE = Source(
    "vqa_rad",
    "VQA-RAD",
    "CC0 1.0",
    f"the folder with {PUBLIC!r} and 'VQA_RAD Image Folder' (or questions.jsonl and images/)",
    "Lau et al., Scientific Data 2018, doi:10.1038/sdata.2018.251; files at osf.io/89kps",
    "image",
    read,
    "The official split is by question: its test images are trained on with other questions.",
)
