"""What one row of a data set asks and answers, for each objective of the paper (spec 8, 10.2).

An objective is a task of `model_backend/tasks.py`, worded as fine-tuning has it, or one of the
three that only pre-training has: `caption`, `question` and `answer_matching`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from model_backend import request as names
from model_backend.biomedgpt import locations
from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.constraints import Trie
from model_backend.biomedgpt.prompts import (
    LABEL_OF,
    NLI_LABELS,
    Asked,
    Example,
    Prompter,
    allowed_symbols,
    answer_matching_text,
    caption_target,
    pre_caption,
    pre_question,
)
from model_backend.datasets.row import LabelledBox, Row
from model_backend.request import BadRequest, Place
from model_backend.tasks import TASKS
from model_backend.tuning.masking import Masker
from model_backend.tuning.recipe import AUTO, Source

CAPTION, QUESTION, ANSWER_MATCHING = "caption", "question", "answer_matching"
OBJECTIVES = (*TASKS, CAPTION, QUESTION, ANSWER_MATCHING)
NO_PICTURE = {name for name, task in TASKS.items() if not task.has_image}
CAPTION_WORDS = 30  # of pre-training
QUESTION_WORDS, ANSWER_IDS = 80, 40
TEXT_IDS, LAST_IDS = 512, 256  # masked text: cut to so many, then the last of them
SUMMARY_IDS, SUMMARY_WORDS = 512, 128
YES, NO = "yes", "no"
WRONG_LABEL = "wrong label"  # an answer that is none of those allowed


class BadRow(Exception):
    """A row that cannot be learnt from; `str()` says why in a few words, the same for its kind."""


@dataclass(frozen=True, slots=True)
class Item:
    """One example of one objective."""

    objective: str
    example: Example
    allowed: tuple[tuple[int, ...], ...] | None = None  # symbols at each place; None: all
    conf: float = 1.0


@dataclass(frozen=True)
class Seen:
    """A row beside what its picture became, and the rows that lend it wrong answers."""

    row: Row
    boxes: Sequence[LabelledBox]  # in pixels of a square picture
    size: int  # of that picture's sides
    others: Sequence[Row]
    source: Source
    answers: tuple[str, ...]  # the data set's list, of its training part
    chance: np.random.Generator


@dataclass
class Objectives:
    """Makes items for one network; remembers the tries of the lists that it has seen."""

    config: OFAConfig
    prompter: Prompter
    _tries: dict[tuple[str, ...], Trie] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.masker = Masker(self.prompter.tokenizer)
        self._made: dict[str, Callable[[Seen], Item]] = {
            names.ANSWER: self._question,
            names.CHOICE: self._question,
            names.FINDINGS: self._findings,
            names.CLASSIFY: self._class,
            names.MATCHING: self._matching,
            names.REGION: self._region,
            names.GROUNDING: self._grounding,
            names.DETECTION: self._detection,
            names.INFILL_IMAGE: self._infilled,
            names.INFILL_TEXT: self._masked,
            names.ENTAILMENT: self._entailment,
            names.SUMMARY: self._summary,
            names.TRIAL: self._text_class,
            names.MORTALITY: self._text_class,
            names.TREATMENT: self._text_class,
            CAPTION: self._caption,
            QUESTION: self._plain_question,
            ANSWER_MATCHING: self._answer_matching,
        }

    def of(self, seen: Seen, objective: str) -> Item:
        """The example that this objective makes of a row. Raises BadRow."""
        name = seen.row.task if objective == AUTO else objective
        if name not in self._made:
            raise BadRow("no such task")
        try:
            item = self._made[name](seen)
        except BadRequest as error:
            raise BadRow(str(error)) from error
        example, most = item.example, self.config.max_positions
        if len(example.source) > most or len(example.previous) > most:
            raise BadRow("longer than the network's positions")
        if seen.source.conf == 1.0:
            return item
        return Item(name, example, item.allowed, item.conf * seen.source.conf)

    # --- pictures and words ---

    def _question(self, seen: Seen) -> Item:
        row, source = seen.row, seen.source
        example = self.prompter.question(
            wanted(row.text, "no question"),
            wanted(row.answer, "empty answer"),
            objects=row.attributes.get("objects", "") if source.objects else None,
            max_words=source.max_words or QUESTION_WORDS,
            max_answer=source.target_ids or ANSWER_IDS,
        )
        conf = row.references.get(row.answer, 1.0)
        return Item(row.task, example, self._rivals(seen, row.answer, example), conf)

    def _plain_question(self, seen: Seen) -> Item:
        row, words = seen.row, seen.source.max_words or QUESTION_WORDS
        asked = f" {pre_question(wanted(row.text, 'no question'), words)}"
        answer = wanted(row.answer, "empty answer")
        return Item(QUESTION, self.prompter.text_target(asked, f" {answer}"))

    def _findings(self, seen: Seen) -> Item:
        text = wanted(seen.row.answer, "empty answer")
        target = caption_target(text, seen.source.target_words or None)
        if not target.strip():
            raise BadRow("empty answer")
        return Item(names.FINDINGS, self._described(target, seen.source))

    def _caption(self, seen: Seen) -> Item:
        words = seen.source.target_words or CAPTION_WORDS
        text = pre_caption(wanted(seen.row.answer, "empty answer"), words)
        return Item(CAPTION, self._described(f" {text}", seen.source))

    def _described(self, target: str, source: Source) -> Example:
        example = self.prompter.describe(target)
        most = min(source.target_ids or self.config.max_positions, self.config.max_positions - 1)
        if len(example.target) - 1 <= most:
            return example
        return self.prompter.plain(example.source, example.target[:most])

    def _class(self, seen: Seen) -> Item:
        answer = wanted(seen.row.answer, "empty answer")
        example = self.prompter.describe(f" {answer}")
        return Item(names.CLASSIFY, example, self._rivals(seen, answer, example))

    def _matching(self, seen: Seen) -> Item:
        row, words = seen.row, seen.source.max_words or None
        if row.task == names.MATCHING and row.answer:
            if row.answer not in (YES, NO):
                raise BadRow(WRONG_LABEL)
            text, answer = wanted(row.text, "no text"), row.answer
        else:
            right = wanted(row.answer, "empty answer")
            is_right = seen.chance.random() < 0.5
            text = right if is_right else another(seen, right)
            answer = YES if is_right else NO
        asked = Asked(names.MATCHING, text, max_words=words)
        example = self.prompter.plain(self.prompter.source_of(asked), self._said(answer))
        return Item(names.MATCHING, example, self._yes_no(seen, example))

    def _answer_matching(self, seen: Seen) -> Item:
        row, words = seen.row, seen.source.max_words or QUESTION_WORDS
        right = wanted(row.answer, "empty answer")
        is_right = seen.chance.random() < 0.5
        answer = right if is_right else another(seen, right)
        question = pre_question(wanted(row.text, "no question"), words)
        text = answer_matching_text(question, answer)
        example = self.prompter.text_target(text, f" {YES if is_right else NO}")
        return Item(ANSWER_MATCHING, example, self._yes_no(seen, example))

    # --- places ---

    def _region(self, seen: Seen) -> Item:
        box = first_box(seen)
        answer = wanted(seen.row.answer or box.label, "no text")
        example = self.prompter.region_caption(self._bins(box, seen.size), answer)
        return Item(names.REGION, example)

    def _grounding(self, seen: Seen) -> Item:
        box = first_box(seen)
        text = wanted(seen.row.text or box.label, "no text")
        example = self.prompter.grounding(text, self._bins(box, seen.size))
        if not seen.source.constrained:
            return Item(names.GROUNDING, example)
        first = self.prompter.tokenizer.first_bin  # the range constraint: specials and bins alone
        open_ones = (0, 1, 2, 3, *range(first, first + self.config.num_bins))
        return Item(names.GROUNDING, example, (open_ones,) * len(example.target))

    def _detection(self, seen: Seen) -> Item:
        if not seen.row.boxes and seen.row.task != names.DETECTION:
            raise BadRow("no box")  # where detection is asked, it says that nothing is there
        objects = [(self._bins(one, seen.size), one.label) for one in seen.boxes]
        example = self.prompter.detection(objects)
        most = self.config.max_positions - 1
        if len(example.target) > most:
            example = self.prompter.plain(example.source, example.target[:most])
        return Item(names.DETECTION, example)

    def _bins(self, box: LabelledBox, size: int) -> tuple[int, int, int, int]:
        place = Place(box.x0, box.y0, box.x1, box.y1)
        seen = replace(self.config, patch_image_size=size)  # bins count pixels as they are shown
        return locations.bins_of(place, size, size, seen)

    def _infilled(self, seen: Seen) -> Item:
        codes = seen.row.codes
        side = self.config.code_image_size // 8
        if not codes:
            raise BadRow("no codes")
        if len(codes) != side * side or not all(
            0 <= code < self.config.code_dict_size for code in codes
        ):
            raise BadRow("codes of another tokenizer")
        return Item(names.INFILL_IMAGE, self.prompter.infilling(codes))

    # --- words alone ---

    def _masked(self, seen: Seen) -> Item:
        text = pre_caption(wanted(seen.row.text or seen.row.answer, "no text"))
        ids = self.prompter.tokenizer.encode(f" {text}", seen.source.max_ids or TEXT_IDS)
        room = self.config.max_positions - 40  # of the wording around it
        ids = ids[-min(LAST_IDS, room) :]
        hidden = self.masker.masked(ids, seen.source.mask_ratio, seen.chance)
        return Item(names.INFILL_TEXT, self.prompter.masked(ids, hidden))

    def _entailment(self, seen: Seen) -> Item:
        row = seen.row
        if row.answer not in LABEL_OF:
            raise BadRow(WRONG_LABEL if row.answer else "empty answer")
        label = NLI_LABELS.index(LABEL_OF[row.answer])
        text, text2 = wanted(row.text, "no text"), wanted(row.text2, "no text")
        example = self.prompter.entailment(text, text2, label)
        if not seen.source.constrained:
            return Item(row.task, example)
        labels = tuple(self.prompter.tokenizer.encode(f" {one}")[0] for one in NLI_LABELS)
        places = (*[()] * (len(example.target) - 1), labels)
        return Item(row.task, example, places)

    def _summary(self, seen: Seen) -> Item:
        source = seen.source
        example = self.prompter.summary(
            wanted(seen.row.text, "no text"),
            wanted(seen.row.answer, "empty answer"),
            min(source.max_ids or SUMMARY_IDS, self.config.max_positions - 2),
            source.target_words or SUMMARY_WORDS,
        )
        return Item(names.SUMMARY, example)

    def _text_class(self, seen: Seen) -> Item:
        row, source = seen.row, seen.source
        asked = Asked(
            row.task,
            wanted(row.text, "no text"),
            row.text2,
            max_words=source.max_words or None,
            max_ids=source.max_ids or None,
        )
        answer = wanted(row.answer, "empty answer")
        example = self.prompter.text_class(asked, answer)
        return Item(row.task, example, self._rivals(seen, answer, example))

    # --- what competes ---

    def _said(self, answer: str) -> list[int]:
        return self.prompter.tokenizer.encode(f" {answer}")

    def _yes_no(self, seen: Seen, example: Example) -> tuple[tuple[int, ...], ...] | None:
        return self._allowed((YES, NO), example) if seen.source.constrained else None

    def _rivals(
        self, seen: Seen, answer: str, example: Example
    ) -> tuple[tuple[int, ...], ...] | None:
        """What may stand where, if the source constrains its answers."""
        if not seen.source.constrained:
            return None
        usual = TASKS[seen.row.task].candidates if seen.row.task in TASKS else ()
        candidates = seen.row.candidates or (seen.answers if seen.source.answers else usual)
        if not candidates:
            return None
        if answer not in candidates:
            raise BadRow(WRONG_LABEL)
        return self._allowed(candidates, example)

    def _allowed(
        self, candidates: tuple[str, ...], example: Example
    ) -> tuple[tuple[int, ...], ...]:
        if candidates not in self._tries:
            self._tries[candidates] = Trie([self._said(one) for one in candidates])
        places = allowed_symbols(self._tries[candidates], example)
        return tuple(tuple(place) for place in places)


def wanted(text: str, reason: str) -> str:
    """The text, unless it is empty. Raises BadRow."""
    if not text.strip():
        raise BadRow(reason)
    return text


def first_box(seen: Seen) -> LabelledBox:
    """The box that is asked about, as the picture shows it. Raises BadRow."""
    if not seen.boxes:
        raise BadRow("no box")
    return seen.boxes[0]


def another(seen: Seen, right: str) -> str:
    """A wrong answer: another row's, else one of the data set's list. Raises BadRow."""
    wrong = [one.answer for one in seen.others if one.answer and one.answer != right]
    if not wrong:
        wrong = [one for one in seen.answers if one != right]
    if not wrong:
        raise BadRow("no other answer to set against it")
    return wrong[int(seen.chance.integers(len(wrong)))]
