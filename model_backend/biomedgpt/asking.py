"""From a request to what the network reads; or one sentence that says why it cannot be answered."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from model_backend import request as names
from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.locations import bins_of, last_bin
from model_backend.biomedgpt.prompts import LABEL_OF, MASK, PROMPTED, Asked, Prompter, cleaned
from model_backend.biomedgpt.search import Search
from model_backend.biomedgpt.tokenizer import UNK, Tokenizer
from model_backend.folder import ModelFolder
from model_backend.request import BadCheckpoint, BadRequest, Decoding, Request
from model_backend.tasks import TASKS, Task

LONGEST_TEXT = 200_000  # letters; the longest that is read has 512 words
LONGEST_WORD = 4096  # letters without a blank; no text has such
MOST_CANDIDATES = 10_000
LONGEST_LIST = 500_000  # letters of all candidates together
WIDEST_BEAM = 32
_TOO_LONG_A_WORD = re.compile(rf"\S{{{LONGEST_WORD + 1}}}")
_PROMPTS_OF_SRC = "src"  # a decoder prompt that holds eos, after which no search goes on


@dataclass(frozen=True, eq=False)
class Prepared:
    """A request as the network reads it; everything that can be wrong with it has been checked."""

    request: Request
    task: Task
    source: tuple[int, ...]  # for the encoder, bos ... eos
    prompt: tuple[int, ...]  # what the decoder starts from, bos included
    search: Search | None = None  # how it is decoded; None: candidates or labels are scored
    question: str = ""  # cleaned as the network reads it
    candidates: tuple[str, ...] = ()  # as the asker, the model or the task names them
    answers: tuple[tuple[int, ...], ...] = ()  # their ids, without bos and eos
    size: tuple[int, int] = (0, 0)  # width and height of the picture in pixels
    reads_whole: bool = True  # False: a text is longer than is read, and has lost its end


class Preparation:
    """What `model.json` says of a model's requests, and one network's dictionary and room."""

    def __init__(self, folder: ModelFolder, config: OFAConfig, tokenizer: Tokenizer) -> None:
        """`config.patch_image_size` is the side of pictures as the network sees them.

        Raises BadCheckpoint for a task that the network has no symbols or no room for.
        """
        self.name = folder.name
        self.prompter = Prompter(tokenizer, folder.prompt_type, dict(folder.prompts))
        self.tasks = tuple(task for task in folder.tasks if self._has(task))
        self._config = config
        self._tokenizer = tokenizer
        self._answers = folder.answers
        self._is_cased = bool(folder.config.get("cased_answers", False))
        self._has_objects = bool(folder.config.get("add_object", False))
        self._listed: tuple[tuple[str, ...], tuple[tuple[int, ...], ...]] = ((), ())
        self._max_source = _numbers(folder.config.get("max_source", {}))
        _check_network(self.tasks, config, tokenizer)

    def _has(self, task: str) -> bool:
        """Free text cannot follow a prompt that ends with eos."""
        is_ended = self.prompter.prompt_type == _PROMPTS_OF_SRC and task in PROMPTED
        return task in TASKS and not (is_ended and TASKS[task].gives == "text")

    def prepare(self, request: Request) -> Prepared:
        """Raises BadRequest with what to do about it."""
        task = TASKS[request.task]
        self._check_images(request, task)
        for text, what in zip((request.text, request.text2), task.texts, strict=False):
            _check_text(text, what)
            _check_words(cleaned(task.name, text, self._words(task)), what, task.name)
        size = _size(request)
        asked = self._asked(request, task, size)
        source = self._source(asked)
        prompt = self.prompter.prompt_of(task.name, source)
        is_label = task.name == names.ENTAILMENT  # read off the prompt's last place
        room = 1 if is_label else self._config.max_positions - 1 - len(prompt)
        if room < 1:
            raise BadRequest(f"The text leaves the model {self.name} no room to answer. Cut it.")
        candidates = self._candidates(request, task)
        words = tuple(LABEL_OF[one] for one in candidates) if is_label else candidates
        answers = self._ids_of(words, room) if task.gives == "choice" else ()
        return Prepared(
            request,
            task,
            source,
            prompt,
            self._search(request.decoding, task, answers, prompt),
            cleaned(task.name, request.text, self._words(task)).strip() if task.texts else "",
            candidates,
            answers,
            size,
            self._reads_whole(asked, source),
        )

    # --- what is said ---

    def _check_images(self, request: Request, task: Task) -> None:
        count = len(request.images)
        if task.has_image and count != 1:
            raise BadRequest(
                f"The task {task.name} of the model {self.name} looks at one picture, not at "
                f"{count}."
            )
        if not task.has_image and count:
            raise BadRequest(f"The task {task.name} reads texts alone. Leave the picture out.")

    def _asked(self, request: Request, task: Task, size: tuple[int, int]) -> Asked:
        bins: tuple[int, ...] = ()
        if task.has_box:
            if request.box is None:
                raise BadRequest(f"The task {task.name} asks about a box. Draw one.")
            bins = bins_of(request.box, *size, self._config)
        is_question = task.name in (names.ANSWER, names.CHOICE)
        return Asked(
            task.name,
            request.text if task.texts else "",
            request.text2 if len(task.texts) > 1 else "",
            bins,
            objects=request.text2 if is_question and self._has_objects else None,
            max_words=self._words(task),
            max_ids=self._ids(task),
        )

    def _source(self, asked: Asked) -> tuple[int, ...]:
        source = self.prompter.source_of(asked)
        if len(source) > self._config.max_positions:
            raise BadRequest(
                f"The text with its question is longer than the {self._config.max_positions - 2} "
                f"symbols that the model {self.name} reads at once. Shorten it."
            )
        return source

    def _reads_whole(self, asked: Asked, source: tuple[int, ...]) -> bool:
        """Whether nothing of the texts is beyond the words, or the ids, that are read."""
        texts = (asked.text, asked.text2)
        if any(
            cleaned(asked.task, text, asked.max_words) != cleaned(asked.task, text)
            for text in texts
        ):
            return False
        if not TASKS[asked.task].max_ids:
            return True  # a source that is too long has been refused
        more = replace(asked, max_ids=(asked.max_ids or 0) + 1)
        return len(self.prompter.source_of(more)) == len(source)

    def _ids(self, task: Task) -> int:
        """How many ids of a source are looked at: those that are read, or one more, which tells."""
        room = self._config.max_positions - 2
        if not task.max_ids:
            return room + 1
        return min(self._max_source.get(task.name, task.max_ids), room)

    def _words(self, task: Task) -> int:
        """How many words of a text are read."""
        if task.max_ids:
            return task.max_words
        return self._max_source.get(task.name, task.max_words)

    # --- what may be answered ---

    def _candidates(self, request: Request, task: Task) -> tuple[str, ...]:
        """Those given, else the task's usual ones, else those the model was fine-tuned with."""
        if task.gives != "choice":
            return ()
        given = request.candidates
        if task.name == names.ENTAILMENT and given not in ((), task.candidates):
            raise BadRequest(
                f"The task {task.name} always chooses among {', '.join(task.candidates)}. Leave "
                "the candidates out."
            )
        candidates = given or task.candidates or self._answers
        if not candidates:
            raise BadRequest("There is nothing to choose from: the list of answers is empty.")
        if len(candidates) > MOST_CANDIDATES:
            raise BadRequest(
                f"There are {len(candidates)} answers to choose from; {MOST_CANDIDATES} are the "
                "most."
            )
        if (letters := sum(map(len, candidates))) > LONGEST_LIST:
            raise BadRequest(
                f"The answers to choose from have {letters} letters together; {LONGEST_LIST} are "
                "the most."
            )
        return candidates

    def _ids_of(self, candidates: tuple[str, ...], room: int) -> tuple[tuple[int, ...], ...]:
        """Many questions may share one long list; it becomes ids once."""
        if candidates != self._listed[0]:
            self._listed = (candidates, self._told_apart(candidates))
        for text, ids in zip(*self._listed, strict=True):
            if len(ids) > room:
                raise BadRequest(f"The answer {text[:40]!r} is too long for this model.")
        return self._listed[1]

    def _told_apart(self, candidates: Sequence[str]) -> tuple[tuple[int, ...], ...]:
        seen: dict[tuple[int, ...], str] = {}
        for text in candidates:
            ids = self.candidate_ids(text)
            if not ids:
                raise BadRequest("One of the answers to choose from is empty. Leave it out.")
            if ids in seen:
                raise BadRequest(
                    f"The answers {seen[ids][:40]!r} and {text[:40]!r} are the same to this model. "
                    "Leave one out."
                )
            seen[ids] = text
        return tuple(seen)

    def candidate_ids(self, text: str) -> tuple[int, ...]:
        """An answer's ids: one blank between words; small letters, unless the model's own list has
        it as it stands or the model was trained with capitals."""
        if _TOO_LONG_A_WORD.search(text):
            raise BadRequest(f"The answer {text[:40]!r} is too long for this model.")
        tidy = " ".join(text.split())
        if not (self._is_cased or text in self._answers):
            tidy = tidy.lower()
        longest = self._config.max_positions
        return tuple(self._tokenizer.encode(f" {tidy}", longest)) if tidy else ()

    # --- how it is decoded ---

    def _search(
        self,
        decoding: Decoding,
        task: Task,
        answers: Sequence[tuple[int, ...]],
        prompt: Sequence[int],
    ) -> Search | None:
        if task.gives == "choice" and (task.name == names.ENTAILMENT or not decoding.by_trie):
            return None
        given = len(prompt) - 1
        _check_decoding(decoding)
        if task.gives == "choice":
            if self.prompter.prompt_type == _PROMPTS_OF_SRC and task.name in PROMPTED:
                raise BadRequest(
                    f"The prompts of the model {self.name} end with eos, so that no beam can "
                    "follow them. Score the answers (by_trie off)."
                )
            longest = max(len(answer) for answer in answers)
            return _settings(decoding, given + longest, 1)
        if task.name == names.GROUNDING:
            first = self._tokenizer.first_bin
            return _fixed(decoding, 4, (first, first + self._config.num_bins))
        if task.name == names.INFILL_IMAGE:
            count = codes_of(self._config)
            first = self._tokenizer.first_code
            codes = (first, first + self._config.code_dict_size)
            return replace(_fixed(decoding, count, codes), gen_code=True)
        room = self._config.max_positions - 1 - len(prompt)
        if not 1 <= decoding.max_tokens <= room:
            raise BadRequest(f"An answer has 1 to {room} tokens, not {decoding.max_tokens}.")
        if not 0 <= decoding.min_tokens <= decoding.max_tokens:
            raise BadRequest("An answer cannot be longer at least than at most.")
        # A search counts its prompt too (spec 9.2 step 2), and the published least length of 1 has
        # no effect behind one; a longer least length is the answer's own.
        shortest = decoding.min_tokens + (given if decoding.min_tokens > 1 else 0)
        return _settings(decoding, given + decoding.max_tokens, shortest)


def codes_of(config: OFAConfig) -> int:
    """How many codes the middle of an image has (spec 1: a window of an eighth of its side)."""
    return (config.code_image_size // 8) ** 2


def _settings(decoding: Decoding, longest: int, shortest: int) -> Search:
    return Search(
        beam=decoding.beam,
        max_len_b=longest,
        min_len=shortest,
        lenpen=decoding.length_penalty,
        unnormalized=not decoding.normalize,
        temperature=decoding.temperature,
        no_repeat_ngram_size=decoding.no_repeat_ngram,
    )


def _fixed(decoding: Decoding, count: int, symbols: tuple[int, int]) -> Search:
    """Exactly `count` symbols of one kind (spec 9.5: or of 0 to 3), then the end."""
    return Search(
        beam=decoding.beam,
        max_len_b=count,
        min_len=count,
        temperature=decoding.temperature,
        crange=symbols,
    )


def _check_decoding(decoding: Decoding) -> None:
    if not 1 <= decoding.beam <= WIDEST_BEAM:
        raise BadRequest(f"A search has 1 to {WIDEST_BEAM} beams, not {decoding.beam}.")
    if not (math.isfinite(decoding.temperature) and decoding.temperature > 0):
        raise BadRequest("The temperature of a search is above zero.")
    if not math.isfinite(decoding.length_penalty):
        raise BadRequest("The length penalty of a search is a number.")
    if decoding.no_repeat_ngram < 0:
        raise BadRequest("The n-grams that must not repeat have a length of 0 (off) or more.")


def _check_text(text: str, what: str) -> None:
    """Raise BadRequest for a text that is beyond reading."""
    if len(text) > LONGEST_TEXT:
        raise BadRequest(
            f"The {what} has {len(text)} letters; {LONGEST_TEXT} are the most. Shorten it."
        )
    if word := _TOO_LONG_A_WORD.search(text):
        raise BadRequest(
            f"The {what} holds {word[0][:20]!r} and so on, more than {LONGEST_WORD} letters "
            "without a blank. Write words."
        )


def _check_words(text: str, what: str, task: str) -> None:
    """Raise BadRequest for a cleaned text without words, or without a gap to fill."""
    if not any(letter.isprintable() and letter not in " ?" for letter in text):
        raise BadRequest(f"The {what} has no words. Write some and ask again.")
    if task == names.INFILL_TEXT and MASK not in text:
        raise BadRequest(f"The {what} has no {MASK} that could be filled in. Write one.")


def _check_network(tasks: Sequence[str], config: OFAConfig, tokenizer: Tokenizer) -> None:
    """Raise BadCheckpoint when the network lacks symbols or room for one of its tasks."""
    if names.ENTAILMENT in tasks:
        labels = [tokenizer.encode(f" {word}") for word in LABEL_OF.values()]
        if any(len(ids) != 1 or UNK in ids for ids in labels):
            raise BadCheckpoint(
                f"The dictionary lacks one of {', '.join(LABEL_OF.values())}, which the task "
                f"{names.ENTAILMENT} answers with.",
                "config",
            )
    if names.INFILL_IMAGE in tasks:
        count, side = codes_of(config), config.code_image_size // 8
        if not 1 <= side <= config.image_bucket_size or count + 1 > config.max_positions:
            raise BadCheckpoint(
                f"An image of {config.code_image_size} pixels a side as codes has no place in "
                "this network.",
                "code_image_size",
            )
    if {names.REGION, names.GROUNDING, names.DETECTION} & set(tasks):
        last_bin(config)


def _size(request: Request) -> tuple[int, int]:
    """Width and height of the picture."""
    if not request.images:
        return (0, 0)
    height, width = request.images[0].pixels.shape[:2]
    return width, height


def _numbers(value: Any) -> dict[str, int]:
    """`max_source` of `model.json`: words a text may have, by task (a summary's is in ids)."""
    table = value if isinstance(value, Mapping) else {"": value}
    if not all(name in TASKS and type(one) is int and one > 0 for name, one in table.items()):
        raise BadCheckpoint(f"{str(value)[:60]!r} is no table of lengths by task.", "max_source")
    return dict(table)
