"""What an instruction-following model is told for each task: data, and how it is filled in.

A model's own `prompts` in `model.json` come before these. `{text}` and `{text2}` stand for the
texts of the request, `{candidates}` for the possible answers, one a line. The wordings are ours:
they ask for short answers because a reader accepts or rejects them one by one. There is one message
and it is the user's, since the templates of several models refuse any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from model_backend import request as names

_ONE_OF = (
    "Answer with exactly one of the following, copied letter by letter, and with nothing else:\n"
    "{candidates}"
)

WORDINGS: Mapping[str, str] = {
    names.ANSWER: (
        "Look at this medical image and answer the question in a few words, without explanation. "
        "If the image does not show it, say that it cannot be assessed.\nQuestion: {text}"
    ),
    names.CHOICE: f"Look at this medical image.\nQuestion: {{text}}\n{_ONE_OF}",
    names.FINDINGS: (
        "Describe the findings of this medical image as the findings section of a radiology "
        "report: a few short plain sentences, one finding each, no headings, no lists, no advice. "
        "Write only what the image itself shows."
    ),
    names.CLASSIFY: f"Look at this medical image. Which class does it belong to?\n{_ONE_OF}",
    names.MATCHING: (
        "Look at this medical image. Does the following text describe it?\n"
        f"Text: {{text}}\n{_ONE_OF}"
    ),
    names.REGION: (
        "This picture is a part cut out of a larger medical image. Describe in one short plain "
        "sentence what it shows. Write only what the picture itself shows."
    ),
    names.ENTAILMENT: (
        "Does the first text imply the second, contradict it, or neither (neutral)?\n"
        f"First text: {{text}}\nSecond text: {{text2}}\n{_ONE_OF}"
    ),
    names.SUMMARY: (
        "Summarise the following text in one to three short plain sentences. Add nothing that it "
        "does not say.\nText: {text}"
    ),
    names.TRIAL: (
        "Is this patient eligible for the clinical trial, excluded from it, or is the trial "
        f"irrelevant to the patient?\nPatient: {{text}}\nTrial: {{text2}}\n{_ONE_OF}"
    ),
    names.MORTALITY: (
        f"Will the patient with these notes die in hospital?\nNotes: {{text}}\n{_ONE_OF}"
    ),
    names.TREATMENT: f"Which treatment suits this patient?\nPatient: {{text}}\n{_ONE_OF}",
}

TASKS: tuple[str, ...] = tuple(WORDINGS)
_PLACE = re.compile(r"\{(text|text2|candidates)\}")


def filled(wording: str, text: str, text2: str, candidates: Sequence[str]) -> str:
    """The wording with its places filled; braces within the texts stay as they are."""
    values = {"text": text.strip(), "text2": text2.strip(), "candidates": "\n".join(candidates)}
    return _PLACE.sub(lambda place: values[place[1]], wording)
