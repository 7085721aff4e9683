"""What each task says to the encoder and wants of the decoder, id for id (spec 8)."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from model_backend import request as names
from model_backend.biomedgpt.constraints import Trie
from model_backend.biomedgpt.tokenizer import BOS, EOS, PAD, Tokenizer
from model_backend.request import BadRequest
from model_backend.tasks import CONTRADICTED, ENTAILED, NEUTRAL, TASKS

DESCRIBE = TASKS[names.FINDINGS].wording  # captioning and classification
PROMPT_TYPES = ("none", "src", "prev_output")  # what the decoder starts from
PROMPTED = (  # tasks whose decoder starts from a prompt, where the model has one (spec 8)
    names.ANSWER,
    names.CHOICE,
    names.ENTAILMENT,
    names.TRIAL,
    names.MORTALITY,
    names.TREATMENT,
)
NLI_LABELS = ("maybe", "yes", "no")  # by the label column: 0 neutral, 1 entailed, 2 contradicted
LABEL_OF = {ENTAILED: "yes", NEUTRAL: "maybe", CONTRADICTED: "no"}
LONGEST_OBJECTS = 30  # entries of the objects column
MASK = "<mask>"
_UNPUNCTUATED = str.maketrans("", "", string.punctuation)
_PLACEHOLDER = re.compile(r"\{(text2?)\}")


@dataclass(frozen=True)
class Example:
    """One question with its answer as ids. `target` is PAD where the prompt gives no loss."""

    source: tuple[int, ...]  # bos ... eos
    target: tuple[int, ...]
    previous: tuple[int, ...]  # decoder input: bos ..., as long as the target
    prompt: tuple[int, ...] = (BOS,)  # what a search starts from, bos included
    is_code: bool = False  # the target is a sequence of image codes


@dataclass(frozen=True)
class Asked:
    """What a request says to the encoder, before it becomes ids. Texts are as the asker wrote them.

    `max_words` of each text and `max_ids` of the whole source (0: all) are the task's unless given.
    """

    task: str
    text: str = ""
    text2: str = ""
    bins: tuple[int, ...] = ()  # of the region: numbers of location symbols
    objects: str | None = None  # the objects column where the model has add_object, parted by `&&`
    max_words: int | None = None
    max_ids: int | None = None


# --- cleaning ---


def pre_question(text: str, max_words: int | None = None) -> str:
    """A question in lower case, without odd beginnings, dashes and slashes, cut to `max_words`."""
    text = text.lower().lstrip(",.!?*#:;~").replace("-", " ").replace("/", " ")
    return _collapsed(text, max_words)


def pre_caption(text: str, max_words: int | None = None) -> str:
    """The same for captions and articles, whose `<person>` becomes a word."""
    text = text.lower().lstrip(",.!?*#:;~").replace("-", " ").replace("/", " ")
    return _collapsed(text.replace("<person>", "person"), max_words)


def _collapsed(text: str, max_words: int | None) -> str:
    text = re.sub(r"\s{2,}", " ", text).rstrip("\n").strip(" ")
    return text if max_words is None else " ".join(text.split(" ")[:max_words])


def words_only(text: str, max_words: int | None = None) -> str:
    """Text classification: small letters, words parted by single blanks."""
    return " ".join(text.lower().split()[:max_words])


def cleaned(task: str, text: str, max_words: int | None = None) -> str:
    """A text of a request as the task's training had it (spec 8)."""
    if task in (names.ANSWER, names.CHOICE):
        return question_text(text, max_words)[1:]
    if task == names.SUMMARY:  # cut by ids alone
        return pre_caption(text.replace("<unk>", "unk"))
    if task in (names.ENTAILMENT, names.TRIAL, names.MORTALITY, names.TREATMENT):
        return words_only(text, max_words)
    return pre_caption(text, max_words)


# --- sources: text between bos and eos ---


def question_text(question: str, max_words: int | None = None) -> str:
    """VQA: the cleaned question with a `?` at its end."""
    question = pre_question(question, max_words)
    return f" {question}" if question.endswith("?") else f" {question}?"


def objects_text(objects: str) -> str:
    """VQA with add_object: what follows the question; the column's entries are parted by `&&`."""
    return " object: " + " ".join(objects.split("&&")[:LONGEST_OBJECTS])


def matching_text(caption: str) -> str:
    """Does this caption, already clean, belong to the image?"""
    return filled(TASKS[names.MATCHING].wording, caption)


def answer_matching_text(question: str, answer: str) -> str:
    """Is this the answer to the question?"""
    return f' what is the answer to question " {question} ". is " {answer} "?'


def filled(wording: str, text: str, text2: str = "") -> str:
    """A task's wording with its texts in it; braces in the texts themselves stay as they are."""
    texts = {"text": text, "text2": text2}
    return "".join(
        texts[piece] if place % 2 else piece
        for place, piece in enumerate(_PLACEHOLDER.split(wording))
    )


def caption_target(caption: str, max_words: int | None = None) -> str:
    """A reference caption of the captioning task: no punctuation, case kept."""
    return " " + " ".join(caption.translate(_UNPUNCTUATED).strip().split()[:max_words])


def references_target(captions: str) -> str:
    """All references of an image, as evaluation keeps them, parted by `&&`."""
    return " " + "&&".join(caption_target(one)[1:] for one in captions.split("&&"))


# --- ids ---


@dataclass(frozen=True)
class Prompter:
    """What each task says, with one dictionary; training's examples and requests alike.

    A prompt type says what the decoder starts from: `none` bos, `src` the whole source,
    `prev_output` the source without its eos. `wordings` are the model's own, by task.
    """

    tokenizer: Tokenizer
    prompt_type: str = "none"
    wordings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.prompt_type not in PROMPT_TYPES:
            raise BadRequest(
                f"There is no prompt type {self.prompt_type!r}; choose one of "
                f"{', '.join(PROMPT_TYPES)}."
            )

    # --- what a request says ---

    def wording(self, task: str) -> str:
        """The model's own wording, else the usual one; it begins with a blank."""
        own = self.wordings.get(task)
        if own is None:
            return TASKS[task].wording
        return own if own.startswith(" ") else f" {own}"

    def source_of(self, asked: Asked) -> tuple[int, ...]:
        """What the encoder reads: bos + ids + eos."""
        task = TASKS[asked.task]
        words = task.max_words if asked.max_words is None else asked.max_words
        longest = (task.max_ids if asked.max_ids is None else asked.max_ids) or None
        text, text2 = (
            cleaned(task.name, one, words) if one else "" for one in (asked.text, asked.text2)
        )
        if task.name == names.INFILL_TEXT:
            return self._framed(self.masked_ids(text))
        ids = self.tokenizer.encode(filled(self.wording(task.name), text, text2), longest)
        if asked.objects is not None:
            ids += self.tokenizer.encode(objects_text(asked.objects))
        return (BOS, *ids, *self.bins(asked.bins), EOS)

    def prompt_of(self, task: str, source: Sequence[int]) -> tuple[int, ...]:
        """What the decoder starts from in that task, bos included."""
        return self.prompt(source) if task in PROMPTED else (BOS,)

    def prompt(self, source: Sequence[int]) -> tuple[int, ...]:
        """What the decoder starts from, where the prompt type counts; bos included."""
        if self.prompt_type == "none":
            return (BOS,)
        return tuple(source) if self.prompt_type == "src" else tuple(source[:-1])

    def masked_ids(self, text: str) -> list[int]:
        """A text whose `<mask>` are the mask's symbol; each takes the blank before it along."""
        *pieces, last = f" {text}".split(MASK)
        ids: list[int] = []
        for piece in pieces:
            ids += [*self.tokenizer.encode(piece.rstrip(" ")), self.tokenizer.mask]
        return ids + self.tokenizer.encode(last)

    def _framed(self, ids: Sequence[int]) -> tuple[int, ...]:
        """Masked text between the two parts of its wording."""
        before, _, after = self.wording(names.INFILL_TEXT).partition("{text}")
        return (
            BOS,
            *self.tokenizer.encode(before.rstrip(" ")),
            *ids,
            *self.tokenizer.encode(after),
            EOS,
        )

    # --- examples: a source with its target ---

    def question(
        self,
        question: str,
        answer: str,
        *,
        objects: str | None = None,
        max_words: int | None = None,
        max_answer: int | None = None,
    ) -> Example:
        """VQA. `objects` is the objects column when add_object is on, empty or not."""
        asked = Asked(names.ANSWER, question, objects=objects, max_words=max_words)
        source = self.source_of(asked)
        prompt = self.prompt(source)
        answered = (*self.tokenizer.encode(f" {answer}", max_answer), EOS)
        target = (*[PAD] * (len(prompt) - 1), *answered)
        return Example(source, target, (*prompt, *answered[:-1]), prompt)

    def entailment(self, premise: str, hypothesis: str, label: int) -> Example:
        """NLI: one symbol at the prompt's last place, no eos."""
        source = self.source_of(Asked(names.ENTAILMENT, premise, hypothesis))
        prompt = self.prompt(source)
        (symbol,) = self.tokenizer.encode(f" {NLI_LABELS[label]}")
        return Example(source, (*[PAD] * (len(prompt) - 1), symbol), prompt, prompt)

    def describe(self, target: str) -> Example:
        """Captioning and classification: `target` with its leading space."""
        source = self.source_of(Asked(names.FINDINGS))
        return self.plain(source, self.tokenizer.encode(target))

    def summary(self, article: str, summary: str, max_ids: int, max_words: int) -> Example:
        """The prompt is cut as a whole, so that long articles lose its end; no leading space."""
        source = self.source_of(Asked(names.SUMMARY, article, max_ids=max_ids))
        return self.plain(source, self.tokenizer.encode(pre_caption(summary, max_words)))

    def text_target(self, source: str, target: str) -> Example:
        """Any source and target given as texts, with their leading spaces."""
        ids = (BOS, *self.tokenizer.encode(source), EOS)
        return self.plain(ids, self.tokenizer.encode(target))

    def text_class(self, asked: Asked, answer: str) -> Example:
        """A request for one of several answers, with the right one."""
        source = self.source_of(asked)
        prompt = self.prompt_of(asked.task, source)
        answered = (*self.tokenizer.encode(f" {answer}"), EOS)
        target = (*[PAD] * (len(prompt) - 1), *answered)
        return Example(source, target, (*prompt, *answered[:-1]), prompt)

    def grounding(self, caption: str, bins: Sequence[int]) -> Example:
        """Caption to box; `bins` are four numbers of location symbols."""
        source = self.source_of(Asked(names.GROUNDING, caption))
        return self.plain(source, self.bins(bins))

    def region_caption(self, bins: Sequence[int], caption: str) -> Example:
        """Box to caption."""
        source = self.source_of(Asked(names.REGION, bins=tuple(bins)))
        return self.plain(source, self.tokenizer.encode(f" {caption}"))

    def detection(self, objects: Sequence[tuple[Sequence[int], str]]) -> Example:
        """Each object as its four bins and its label."""
        ids = [
            symbol
            for bins, label in objects
            for symbol in (*self.bins(bins), *self.tokenizer.encode(f" {label}"))
        ]
        return self.plain(self.source_of(Asked(names.DETECTION)), ids)

    def infilling(self, codes: Sequence[int]) -> Example:
        """The codes of the image's middle, in raster order."""
        ids = [self.tokenizer.first_code + code for code in codes]
        plain = self.plain(self.source_of(Asked(names.INFILL_IMAGE)), ids)
        return Example(plain.source, plain.target, plain.previous, is_code=True)

    def masked(self, ids: Sequence[int], masked: Sequence[int]) -> Example:
        """Masked text: the original ids, and the same with masks in them."""
        return self.plain(self._framed(masked), ids)

    def plain(self, source: Sequence[int], ids: Sequence[int]) -> Example:
        """No decoder prompt: bos + target in, target + eos out."""
        return Example(tuple(source), (*ids, EOS), (BOS, *ids))

    def bins(self, numbers: Sequence[int]) -> list[int]:
        return [self.tokenizer.first_bin + number for number in numbers]


def allowed_symbols(trie: Trie, example: Example) -> list[list[int]]:
    """What may stand at each place of the target: nothing within the prompt, then the trie."""
    first = len(example.prompt) - 1
    answer = example.target[first:]
    places = [sorted(trie.allowed(answer[:place])) for place in range(len(answer))]
    return [[] for _ in range(first)] + places
