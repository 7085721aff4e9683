"""MedNLI: does a sentence follow from a clinical note's."""

from __future__ import annotations

from collections.abc import Iterator

from model_backend.datasets.draft import Draft, Fault, Found, Origin, Source
from model_backend.datasets.files import found_in, json_rows, word
from model_backend.datasets.row import TEST, TRAIN, VALIDATION, Row
from model_backend.evaluation.rows import ENTAILMENTS
from model_backend.request import ENTAILMENT
from model_backend.tasks import TASKS

FILES = {
    TRAIN: "mli_train_v1.jsonl",
    VALIDATION: "mli_dev_v1.jsonl",
    TEST: "mli_test_v1.jsonl",
}
_WORDS = ("entailment", "neutral", "contradiction")


def read(origin: Origin) -> Iterator[Found]:
    """Its pairs; three hypotheses share a premise, which is their group."""
    for part, name in FILES.items():
        for place, row in json_rows(found_in(origin.path, name)):
            label = word(row.get("gold_label"))
            if label not in _WORDS:
                yield Fault(place, f"its label '{label[:40]}' is none of {', '.join(_WORDS)}")
                continue
            premise, said = word(row.get("sentence1")), ENTAILMENTS[label]
            yield Draft(
                Row(
                    word(row.get("pairID")) or place,
                    ENTAILMENT,
                    "",
                    premise,
                    text=premise,
                    text2=word(row.get("sentence2")),
                    answer=said,
                    references={said: 1.0},
                    candidates=TASKS[ENTAILMENT].candidates,
                ),
                official=part,
                place=place,
            )


SOURCE = Source(
    "mednli",
    "MedNLI",
    "PhysioNet Credentialed Health Data License 1.5.0",
    f"the folder with {', '.join(FILES.values())}",
    "physionet.org/content/mednli/1.0.0; Romanov and Shivade, EMNLP 2018",
    "premise",
    read,
    "The set says nothing of patients: two premises may be of one patient.",
)
