"""SLAKE: questions in English and Chinese about 642 images."""

from __future__ import annotations

from collections.abc import Iterator

from model_backend.datasets.draft import Found, Origin, Source
from model_backend.datasets.files import found_in, inside, json_rows, word
from model_backend.datasets.picture import file_of
from model_backend.datasets.questions import question
from model_backend.datasets.row import TEST, TRAIN, VALIDATION

FILES = {
    TRAIN: ("train.json",),
    VALIDATION: ("validation.json", "validate.json"),
    TEST: ("test.json",),
}


def read(origin: Origin) -> Iterator[Found]:
    """Its English questions, unless the option `language` says `zh`."""
    language = origin.options.get("language", "en")
    for part, names in FILES.items():
        for place, row in json_rows(found_in(origin.path, *names)):
            if word(row.get("q_lang")) != language:
                continue
            image = word(row.get("img_name"))
            yield question(
                word(row.get("qid")),
                image,
                word(row.get("question")),
                word(row.get("answer")),
                file_of(inside(origin.path / "imgs", image)),
                is_closed=word(row.get("answer_type")).upper() == "CLOSED",
                official=part,
                place=place,
                attributes={
                    "organ": word(row.get("location")).lower(),
                    "modality": word(row.get("modality")),
                    "kind": word(row.get("content_type")).lower(),
                    "base": word(row.get("base_type")).lower(),
                },
            )


SOURCE = Source(
    "slake",
    "SLAKE",
    "CC BY 4.0",
    "the folder with train.json, validation.json, test.json and imgs/xmlabN/source.jpg",
    "dataset card huggingface.co/datasets/BoKelvin/SLAKE; Liu et al., ISBI 2021, arXiv:2102.09542",
    "image",
    read,
    "The set says nothing of patients: slices of one patient may be in several parts.",
)
