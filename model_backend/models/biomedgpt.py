"""BiomedGPT behind the Model protocol: closed answers, open answers and findings."""

from __future__ import annotations

import codecs
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.image import preprocess
from model_backend.biomedgpt.image_tower import Bottleneck
from model_backend.biomedgpt.network import BiomedGPT, DecoderLayer, EncoderLayer, EncoderOutput
from model_backend.biomedgpt.prompts import PROMPT_TYPES, question_text
from model_backend.biomedgpt.scoring import Question, score_candidates
from model_backend.biomedgpt.search import Hypothesis, Search, Step, search
from model_backend.biomedgpt.tokenizer import BOS, EOS, Tokenizer
from model_backend.biomedgpt.weights import load_weights
from model_backend.calibration import check, is_calibrated, probabilities
from model_backend.device import choose
from model_backend.folder import ModelFolder, Preprocess
from model_backend.request import (
    ANSWER,
    CHOICE,
    FINDINGS,
    Answer,
    BadCheckpoint,
    BadRequest,
    Event,
    Refusal,
    Request,
    Token,
)
from model_backend.sentences import sentence_spans

LONGEST_QUESTION = 80  # words (spec 8)
LONGEST_WORD = 64  # letters; byte pairs of a longer one take time that grows with its square
WIDEST_BEAM = 32
TASKS = (CHOICE, ANSWER, FINDINGS)


class _Stopped(Exception):
    """The asker has lost interest; raised between two layers and caught in this file."""


class BiomedGPTModel:
    """The loaded network with everything around it that `model.json` says."""

    def __init__(self, folder: ModelFolder, network: BiomedGPT, device: str) -> None:
        if folder.preprocess is None:
            raise BadCheckpoint(
                f"The model {folder.name} does not say how its pictures are prepared.", "preprocess"
            )
        widest = 16 * network.config.image_bucket_size
        if folder.preprocess.size > widest:
            raise BadCheckpoint(
                f"The model {folder.name} wants pictures of {folder.preprocess.size} pixels a "
                f"side, but its network takes at most {widest}.",
                "preprocess.size",
            )
        known = tuple(task for task in folder.tasks if task in TASKS)
        self.identity = replace(folder.identity(device), tasks=known)
        self._network = network.to(device)
        self._device = device
        self._preprocess: Preprocess = folder.preprocess
        self._tokenizer = Tokenizer(network.config)
        if folder.prompt_type not in PROMPT_TYPES:
            raise BadCheckpoint(
                f"{folder.prompt_type[:40]!r} is no prompt type ({', '.join(PROMPT_TYPES)}).",
                "prompt_type",
            )
        self._prompt_type = folder.prompt_type
        self._is_cased = bool(folder.config.get("cased_answers", False))
        check(folder.calibration)
        self._calibration = folder.calibration
        self._stop: Callable[[], bool] = _never
        for module in network.modules():
            if isinstance(module, Bottleneck | EncoderLayer | DecoderLayer):
                module.register_forward_pre_hook(self._look)

    def answer(self, requests: Sequence[Request], stop: Callable[[], bool]) -> Iterator[Event]:
        """See `model_backend.models.Model`. A picture that several requests share is seen once."""
        for request in requests:
            if request.task in self.identity.tasks:
                self._check(request)
        features: dict[int, Tensor] = {}  # of the last picture, by the identity of its pixels
        for request in requests:
            if request.task not in self.identity.tasks:
                reason = f"The model {self.identity.name} has not learnt the task {request.task}."
                yield Refusal(request.id, reason, self.identity)
                continue
            try:
                with self._stopping_at(stop):
                    pixels = request.images[0].pixels
                    if id(pixels) not in features:
                        features = {id(pixels): self._see(pixels)}
                    seen = features[id(pixels)]
                    source = self._source(request)
                    states = self._read(source, seen)
                    prompt = self._prompt(source)
                    if request.task == CHOICE:
                        yield self._choose(request, states, prompt, stop)
                    else:
                        yield from self._write(request, states, prompt, stop)
            except _Stopped:
                return

    # --- what is asked ---

    def _check(self, request: Request) -> None:
        """Raise BadRequest when the request cannot be answered."""
        if len(request.images) != 1:
            raise BadRequest(
                f"The model {self.identity.name} looks at one picture a question, not at "
                f"{len(request.images)}."
            )
        source = self._source(request)
        room = self._network.config.max_positions - 1 - len(self._prompt(source))
        if request.task == CHOICE:
            self._check_candidates(request, room)
            return
        decoding = request.decoding
        if not 1 <= decoding.beam <= WIDEST_BEAM:
            raise BadRequest(f"A search has 1 to {WIDEST_BEAM} beams, not {decoding.beam}.")
        if not 1 <= decoding.max_tokens <= room:
            raise BadRequest(f"An answer has 1 to {room} tokens, not {decoding.max_tokens}.")
        if not 0 <= decoding.min_tokens <= decoding.max_tokens:
            raise BadRequest("An answer cannot be longer at least than at most.")
        if not (math.isfinite(decoding.temperature) and decoding.temperature > 0):
            raise BadRequest("The temperature of a search is above zero.")

    def _check_candidates(self, request: Request, room: int) -> None:
        if not request.candidates:
            raise BadRequest("There is nothing to choose from: the list of answers is empty.")
        seen: dict[tuple[int, ...], str] = {}
        for text in request.candidates:
            ids = self._candidate(text)
            if not ids:
                raise BadRequest("One of the answers to choose from is empty. Leave it out.")
            if len(ids) > room:
                raise BadRequest(f"The answer {text[:40]!r} is too long for this model.")
            if ids in seen:
                raise BadRequest(
                    f"The answers {seen[ids][:40]!r} and {text[:40]!r} are the same to this model. "
                    "Leave one out."
                )
            seen[ids] = text

    def _source(self, request: Request) -> list[int]:
        """The question as the encoder reads it, with bos and eos (spec 8, VQA)."""
        text = self._question(request)
        if not text.strip("? "):
            raise BadRequest("The question has no words. Write one and ask again.")
        ids = self._tokenizer.encode(" " + text, self._network.config.max_positions - 2)
        return [BOS, *ids, EOS]

    def _question(self, request: Request) -> str:
        """The cleaned question, with its question mark."""
        return question_text(_bounded(request.text), LONGEST_QUESTION)[1:]

    def _prompt(self, source: Sequence[int]) -> tuple[int, ...]:
        """What the decoder starts from, bos included (spec 8, prompt types)."""
        if self._prompt_type == "none":
            return (BOS,)
        return tuple(source) if self._prompt_type == "src" else tuple(source[:-1])

    def _candidate(self, text: str) -> tuple[int, ...]:
        cleaned = " ".join(_bounded(text).split())
        if not self._is_cased:
            cleaned = cleaned.lower()
        return tuple(self._tokenizer.encode(" " + cleaned)) if cleaned else ()

    # --- how it is answered ---

    def _see(self, pixels: NDArray[np.uint8]) -> Tensor:
        """The image tower's features, (1, 1024, h, w)."""
        size = self._preprocess.size
        # Resized before it becomes RGB: the same values, and a large film takes a third of the
        # memory on the way.
        small = Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC)
        image = preprocess(small, size, self._preprocess.mean, self._preprocess.std)
        return self._network.image_features(image[None].to(self._device))

    def _read(self, source: Sequence[int], features: Tensor) -> EncoderOutput:
        tokens = torch.tensor([list(source)], device=self._device)
        return self._network.encode(tokens, features=features)

    def _choose(
        self,
        request: Request,
        states: EncoderOutput,
        prompt: tuple[int, ...],
        stop: Callable[[], bool],
    ) -> Answer:
        """A probability for each candidate: softmax of their summed log-probabilities (spec 9.6),
        calibrated as `model.json` says."""
        answers = tuple(self._candidate(text) for text in request.candidates)
        question = Question(0, prompt, answers)
        (scores,) = score_candidates(self._network, states, [question], stop)
        if len(scores) < len(answers):
            raise _Stopped
        asked = self._question(request)
        table = self._calibration
        shares = probabilities(table, request.task, asked, request.candidates, scores)
        best = max(range(len(shares)), key=shares.__getitem__)
        return Answer(
            request=request.id,
            text=request.candidates[best],
            probabilities=shares,
            cut_off=False,
            model=self.identity,
            score=scores[best],
            calibrated=is_calibrated(table, request.task, asked),
        )

    def _write(
        self,
        request: Request,
        states: EncoderOutput,
        prompt: tuple[int, ...],
        stop: Callable[[], bool],
    ) -> Iterator[Event]:
        """Free text, piece by piece with one beam; several beams settle only at the end."""
        given = prompt[1:]
        stream = TextStream(self._tokenizer)
        steps = search(
            self._network,
            states,
            _settings(request, len(given)),
            prefixes=[given] if given else None,
            stop=stop,
        )
        for event in steps:
            if isinstance(event, Step):
                if request.decoding.beam == 1 and len(event.tokens) > len(given):
                    piece = stream.push(event.tokens[len(given) :])
                    if piece:
                        yield Token(request.id, piece)
                continue
            yield from self._end(request, event[0][0], len(given), stream)
            return
        raise _Stopped

    def _end(
        self, request: Request, best: Hypothesis, given: int, stream: TextStream
    ) -> Iterator[Event]:
        tokens, shares = best.tokens[given:], best.positional_scores[given:]
        text = self._tokenizer.decode(tokens).strip()
        rest = text[len(stream.text) :]
        if rest:
            yield Token(request.id, rest)
        yield Answer(
            request=request.id,
            text=text,
            probabilities=None,
            cut_off=best.cut_off,
            model=self.identity,
            score=sum(shares),
            sentence_probabilities=self._by_sentence(tokens, shares),
        )

    def _by_sentence(self, tokens: Sequence[int], scores: Sequence[float]) -> tuple[float, ...]:
        """For each sentence the geometric mean of its tokens' probabilities.

        It says how sure the model was of its words, not whether they are true: not calibrated. The
        end of the text counts as a token of the last sentence.
        """
        text = self._tokenizer.decode(tokens)
        ends = [len(text[:end].encode()) for _, end in sentence_spans(text)]
        if not ends:
            return ()
        shares: list[list[float]] = [[] for _ in ends]
        for place, score in enumerate(scores):
            length = len(self._tokenizer.decode_bytes(tokens[: place + 1]))
            sentence = next((i for i, end in enumerate(ends) if length <= end), len(ends) - 1)
            shares[sentence].append(score)
        return tuple(math.exp(sum(one) / len(one)) if one else 1.0 for one in shares)

    # --- how it stops ---

    @contextmanager
    def _stopping_at(self, stop: Callable[[], bool]) -> Iterator[None]:
        self._stop = stop
        try:
            yield
        finally:
            self._stop = _never

    def _look(self, module: nn.Module, inputs: object) -> None:
        """Runs before each block of the tower and each layer."""
        if self._stop():
            raise _Stopped


class TextStream:
    """Tokens to pieces of text: no letter cut in two, no blank before the first or after the last
    word, so that the pieces joined are the beginning of the stripped text."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._read = 0  # tokens
        self._held = ""  # blanks that may be the last ones
        self.text = ""

    def push(self, tokens: Sequence[int]) -> str:
        """The new piece, given all tokens so far; "" when there is nothing to show yet."""
        new = self._tokenizer.decode_bytes(tokens[self._read :])
        self._read = len(tokens)
        grown = self._held + self._decoder.decode(new)
        if not self.text:
            grown = grown.lstrip()
        piece = grown.rstrip()
        self._held = grown[len(piece) :]
        self.text += piece
        return piece


def load(folder: ModelFolder, device: str, precision: str = "auto") -> BiomedGPTModel:
    """The model in the folder, in float32. Raises BadCheckpoint; ModelError without a GPU."""
    device = choose(device)
    network = load_weights(folder.weights_path, OFAConfig.from_json(folder.config))
    return BiomedGPTModel(folder, network, device)


def _settings(request: Request, given: int) -> Search:
    decoding = request.decoding
    return Search(
        beam=decoding.beam,
        max_len_b=decoding.max_tokens + given,
        min_len=decoding.min_tokens,
        lenpen=decoding.length_penalty,
        unnormalized=not decoding.normalize,
        temperature=decoding.temperature,
        no_repeat_ngram_size=decoding.no_repeat_ngram,
    )


def _bounded(text: str) -> str:
    """The words that can matter, none longer than a word can be."""
    words = text.split(maxsplit=4 * LONGEST_QUESTION)[: 4 * LONGEST_QUESTION]
    return " ".join(word[:LONGEST_WORD] for word in words)


def _never() -> bool:
    return False
