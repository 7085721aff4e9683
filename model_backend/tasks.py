"""Every task of the paper as a row of a table: what it reads, gives and says; no torch.

The wordings between bos and eos are data. `{text}` and `{text2}` stand for the request's texts,
cleaned as the backend cleans them; a model's own `prompts` in `model.json` come before these. A
region's location symbols follow its wording, because they are symbols and not text.
Sources: spec/biomedgpt.md §8 for those marked as published. The wordings of trial matching,
mortality and treatment were not available to us (the paper's supplement): ours are stated here and
a model that was fine-tuned with others carries its own in `model.json`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from model_backend import request as names

Gives = Literal["text", "choice", "places", "codes"]


@dataclass(frozen=True, slots=True)
class Task:
    """What a task reads of a `Request`, and which fields of an `Answer` it fills."""

    name: str
    title: str  # what a menu says
    gives: Gives
    wording: str  # the source text with its leading blank
    has_image: bool = True
    texts: tuple[str, ...] = ()  # what the text fields are called: text, then text2
    has_box: bool = False  # asks for `Request.box`
    has_candidates: bool = False  # the asker names them; else `candidates` below, or none
    candidates: tuple[str, ...] = ()  # the usual ones, which stand where none are given
    is_published: bool = True  # the wording is the paper's
    max_words: int = 80  # of each text
    max_tokens: int = 40  # of a free text, unless the request says otherwise
    max_ids: int = 0  # of the whole source, whose end is lost beyond it; 0: it must fit entire


_DESCRIBE = " what does the image describe?"
ENTAILED, NEUTRAL, CONTRADICTED = "entailed", "neutral", "contradicted"

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task(names.ANSWER, "Question about the image", "text", " {text}", texts=("question",)),
        Task(
            names.CHOICE,
            "Closed question about the image",
            "choice",
            " {text}",
            texts=("question",),
            has_candidates=True,
        ),
        Task(names.FINDINGS, "Caption or findings", "text", _DESCRIBE, max_tokens=64),
        Task(names.CLASSIFY, "Classification", "choice", _DESCRIBE, has_candidates=True),
        Task(
            names.MATCHING,
            "Text against image",
            "choice",
            ' does the image describe " {text} "?',
            texts=("caption",),
            candidates=("yes", "no"),
        ),
        Task(
            names.REGION,
            "Question about a region",
            "text",
            "  what does the region describe? region:",
            has_box=True,
        ),
        Task(
            names.GROUNDING,
            "Where is it",
            "places",
            ' which region does the text " {text} " describe?',
            texts=("caption",),
        ),
        Task(
            names.DETECTION,
            "Objects in the image",
            "places",
            " what are the objects in the image?",
            max_tokens=200,
        ),
        Task(
            names.INFILL_IMAGE,
            "Middle of the image",
            "codes",
            " what is the image in the middle part?",
        ),
        Task(
            names.INFILL_TEXT,
            "Complete a text",
            "text",
            ' what is the complete text of " {text} "?',
            has_image=False,
            texts=("text",),
            max_words=512,
            max_tokens=256,
        ),
        Task(
            names.ENTAILMENT,
            "Text against text",
            "choice",
            ' can text1 " {text} " imply text2 " {text2} "?',
            has_image=False,
            texts=("premise", "hypothesis"),
            candidates=(ENTAILED, NEUTRAL, CONTRADICTED),
            max_words=512,
        ),
        Task(
            names.SUMMARY,
            "Summary",
            "text",
            ' what is the summary of article " {text} "?',
            has_image=False,
            texts=("text",),
            max_words=512,
            max_tokens=128,
            max_ids=512,
        ),
        Task(
            names.TRIAL,
            "Clinical trial matching",
            "choice",
            ' can the patient " {text} " take part in the trial " {text2} "?',
            has_image=False,
            texts=("patient", "trial"),
            candidates=("eligible", "excluded", "irrelevant"),
            is_published=False,
            max_words=512,
        ),
        Task(
            names.MORTALITY,
            "In-hospital mortality",
            "choice",
            ' will the patient with the notes " {text} " die in hospital?',
            has_image=False,
            texts=("notes",),
            candidates=("yes", "no"),
            is_published=False,
            max_words=512,
        ),
        Task(
            names.TREATMENT,
            "Treatment suggestion",
            "choice",
            ' which treatment suits the patient " {text} "?',
            has_image=False,
            texts=("patient",),
            has_candidates=True,
            is_published=False,
            max_words=512,
        ),
    )
}
