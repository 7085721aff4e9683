"""What each task says to the encoder and wants of the decoder, id for id (spec 8)."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass

from model_backend.biomedgpt.constraints import Trie
from model_backend.biomedgpt.tokenizer import BOS, EOS, PAD, Tokenizer
from model_backend.request import BadRequest

DESCRIBE = " what does the image describe?"  # captioning and classification
INFILL = " what is the image in the middle part?"
DETECT = " what are the objects in the image?"
PROMPT_TYPES = ("none", "src", "prev_output")  # what the decoder starts from
NLI_LABELS = ("maybe", "yes", "no")  # by the label column: 0 neutral, 1 entailed, 2 contradicted
LONGEST_OBJECTS = 30  # entries of the objects column
_UNPUNCTUATED = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True)
class Example:
    """One question with its answer as ids. `target` is PAD where the prompt gives no loss."""

    source: tuple[int, ...]  # bos ... eos
    target: tuple[int, ...]
    previous: tuple[int, ...]  # decoder input: bos ..., as long as the target
    prompt: tuple[int, ...] = (BOS,)  # what a search starts from, bos included
    is_code: bool = False  # the target is a sequence of image codes


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


# --- sources: text between bos and eos ---


def question_text(question: str, max_words: int | None = None) -> str:
    """VQA: the cleaned question with a `?` at its end."""
    cleaned = pre_question(question, max_words)
    return f" {cleaned}" if cleaned.endswith("?") else f" {cleaned}?"


def objects_text(objects: str) -> str:
    """VQA with add_object: what follows the question; the column's entries are parted by `&&`."""
    return " object: " + " ".join(objects.split("&&")[:LONGEST_OBJECTS])


def nli_text(premise: str, hypothesis: str, max_words: int | None = None) -> str:
    first, second = (" ".join(one.lower().split()[:max_words]) for one in (premise, hypothesis))
    return f' can text1 " {first} " imply text2 " {second} "?'


def summary_text(article: str) -> str:
    """The prompt is cut as a whole afterwards, so that long articles lose its end."""
    cleaned = pre_caption(article.replace("<unk>", "unk"))
    return f' what is the summary of article " {cleaned} "?'


def matching_text(caption: str) -> str:
    """Does this caption belong to the image?"""
    return f' does the image describe " {caption} "?'


def answer_matching_text(question: str, answer: str) -> str:
    """Is this the answer to the question?"""
    return f' what is the answer to question " {question} ". is " {answer} "?'


def grounding_text(caption: str) -> str:
    """Where is it? The answer is four bins."""
    return f' which region does the text " {caption} " describe?'


REGION = "  what does the region describe? region:"  # four bins follow


def caption_target(caption: str, max_words: int | None = None) -> str:
    """A reference caption of the captioning task: no punctuation, case kept."""
    return " " + " ".join(caption.translate(_UNPUNCTUATED).strip().split()[:max_words])


def references_target(captions: str) -> str:
    """All references of an image, as evaluation keeps them, parted by `&&`."""
    return " " + "&&".join(caption_target(one)[1:] for one in captions.split("&&"))


# --- ids ---


class Prompter:
    """Builds the examples of each task with one dictionary.

    A prompt type says what the decoder starts from: `none` bos, `src` the whole source,
    `prev_output` the source without its eos.
    """

    def __init__(self, tokenizer: Tokenizer, prompt_type: str = "none") -> None:
        if prompt_type not in PROMPT_TYPES:
            raise BadRequest(
                f"There is no prompt type {prompt_type!r}; choose one of {', '.join(PROMPT_TYPES)}."
            )
        self.tokenizer = tokenizer
        self.prompt_type = prompt_type

    def source(self, text: str, length: int | None = None) -> tuple[int, ...]:
        """bos + ids + eos, the ids cut to `length`."""
        return (BOS, *self.tokenizer.encode(text, length), EOS)

    def prompt(self, source: Sequence[int]) -> tuple[int, ...]:
        """What the decoder starts from, bos included."""
        if self.prompt_type == "none":
            return (BOS,)
        return tuple(source) if self.prompt_type == "src" else tuple(source[:-1])

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
        text = question_text(question, max_words)
        ids = self.tokenizer.encode(text)
        if objects is not None:
            ids += self.tokenizer.encode(objects_text(objects))
        source = (BOS, *ids, EOS)
        prompt = self.prompt(source)
        answered = (*self.tokenizer.encode(f" {answer}", max_answer), EOS)
        target = (*[PAD] * (len(prompt) - 1), *answered)
        return Example(source, target, (*prompt, *answered[:-1]), prompt)

    def entailment(self, premise: str, hypothesis: str, label: int) -> Example:
        """NLI: one symbol at the prompt's last place, no eos."""
        source = self.source(nli_text(premise, hypothesis))
        prompt = self.prompt(source)
        (symbol,) = self.tokenizer.encode(f" {NLI_LABELS[label]}")
        return Example(source, (*[PAD] * (len(prompt) - 1), symbol), prompt, prompt)

    def describe(self, target: str) -> Example:
        """Captioning and classification: `target` with its leading space."""
        return self.plain(self.source(DESCRIBE), self.tokenizer.encode(target))

    def summary(self, article: str, summary: str, max_ids: int, max_words: int) -> Example:
        source = self.source(summary_text(article), max_ids)
        return self.plain(source, self.tokenizer.encode(pre_caption(summary, max_words)))

    def text_target(self, source: str, target: str) -> Example:
        """Any source and target given as texts, with their leading spaces."""
        return self.plain(self.source(source), self.tokenizer.encode(target))

    def grounding(self, caption: str, bins: Sequence[int]) -> Example:
        """Caption to box; `bins` are four numbers of location symbols."""
        return self.plain(self.source(grounding_text(caption)), self.bins(bins))

    def region_caption(self, bins: Sequence[int], caption: str) -> Example:
        """Box to caption."""
        source = (BOS, *self.tokenizer.encode(REGION), *self.bins(bins), EOS)
        return self.plain(source, self.tokenizer.encode(f" {caption}"))

    def detection(self, objects: Sequence[tuple[Sequence[int], str]]) -> Example:
        """Each object as its four bins and its label."""
        ids = [
            symbol
            for bins, label in objects
            for symbol in (*self.bins(bins), *self.tokenizer.encode(f" {label}"))
        ]
        return self.plain(self.source(DETECT), ids)

    def infilling(self, codes: Sequence[int]) -> Example:
        """The codes of the image's middle, in raster order."""
        ids = [self.tokenizer.first_code + code for code in codes]
        plain = self.plain(self.source(INFILL), ids)
        return Example(plain.source, plain.target, plain.previous, is_code=True)

    def masked(self, ids: Sequence[int], masked: Sequence[int]) -> Example:
        """Masked text: the original ids, and the same with masks in them."""
        frame = self.tokenizer.encode(' what is the complete text of " "?')
        return self.plain((BOS, *frame[:-2], *masked, *frame[-2:], EOS), ids)

    def plain(self, source: Sequence[int], ids: Sequence[int]) -> Example:
        """No decoder prompt: bos + target in, target + eos out."""
        return Example(tuple(source), (*ids, EOS), (BOS, *ids))

    def bins(self, numbers: Sequence[int]) -> list[int]:
        return [self.tokenizer.first_bin + number for number in numbers]


def bin_of(pixel: float, num_bins: int = 1000, max_image_size: int = 512) -> int:
    """Location symbol of a coordinate, as pre-training has it: round(x / 512 * 999)."""
    return min(max(round(pixel / max_image_size * (num_bins - 1)), 0), num_bins - 1)


def allowed_symbols(trie: Trie, example: Example) -> list[list[int]]:
    """What may stand at each place of the target: nothing within the prompt, then the trie."""
    first = len(example.prompt) - 1
    answer = example.target[first:]
    places = [sorted(trie.allowed(answer[:place])) for place in range(len(answer))]
    return [[] for _ in range(first)] + places
