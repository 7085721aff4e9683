"""From what the network says to an answer: shares of candidates, streamed text, places, codes."""

from __future__ import annotations

import codecs
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from model_backend.biomedgpt.asking import Prepared
from model_backend.biomedgpt.candidates import score_list
from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.constraints import Trie
from model_backend.biomedgpt.locations import is_degenerate, place_of
from model_backend.biomedgpt.network import BiomedGPT, EncoderOutput
from model_backend.biomedgpt.search import Hypothesis, Step, search
from model_backend.biomedgpt.tokenizer import EOS, Tokenizer
from model_backend.calibration import is_calibrated, probabilities
from model_backend.request import (
    GROUNDING,
    Answer,
    Event,
    ModelError,
    ModelIdentity,
    Place,
    Token,
)
from model_backend.sentences import sentence_spans

Stop = Callable[[], bool]
LONGEST_LABEL = 200  # letters of the text that was asked for, beside its box


class Stopped(Exception):
    """The asker has lost interest."""


@dataclass(frozen=True)
class Answering:
    """One network with what its answers are signed and calibrated with.

    `config.patch_image_size` is the side of pictures as the network sees them.
    """

    network: BiomedGPT
    tokenizer: Tokenizer
    config: OFAConfig
    identity: ModelIdentity
    calibration: Mapping[str, Any] = field(default_factory=dict)

    def answer(self, asked: Prepared, states: EncoderOutput, stop: Stop) -> Iterator[Event]:
        """The events of one request; raises Stopped when `stop()` turns true."""
        for event in self._events(asked, states, stop):
            if isinstance(event, Answer) and not asked.reads_whole:
                event = replace(event, read_whole=False)
            yield event

    def _events(self, asked: Prepared, states: EncoderOutput, stop: Stop) -> Iterator[Event]:
        match asked.task.gives:
            case "choice" if asked.search is not None:
                yield self._by_trie(asked, states, stop)
            case "choice":
                yield self._choice(asked, self._scores(asked, states, stop))
            case "places":
                yield self._places(asked, self._found(asked, states, stop))
            case "codes":
                yield self._codes(asked, self._found(asked, states, stop)[0])
            case _:
                yield from self._write(asked, states, stop)

    # --- one of several candidates ---

    def _scores(self, asked: Prepared, states: EncoderOutput, stop: Stop) -> list[float]:
        """Summed log-probability of each candidate (spec 9.6).

        The labels of entailment are one symbol each and part at the prompt's last place, so that
        their scores are those of the labels' logits alone (9.7).
        """
        scores = score_list(self.network, states, asked.prompt, asked.answers, stop)
        if scores is None:
            raise Stopped
        return scores

    def _by_trie(self, asked: Prepared, states: EncoderOutput, stop: Stop) -> Answer:
        """The best of a beam along the candidates' tree (spec 9.5).

        The probabilities along the tree sum to one over all candidates. So a beam that reaches all
        of them, unnormalised, gives what scoring them gives; one that is narrower does not know the
        shares of those it left, and then no probabilities come with the text.
        """
        assert asked.search is not None
        given = len(asked.prompt) - 1
        found = self._found(asked, states, stop, Trie(asked.answers))
        is_plain = asked.search.unnormalized
        scores = {
            one.tokens[given:-1]: sum(one.positional_scores[given:]) if is_plain else one.score
            for one in reversed(found)  # the best one of its kind stays
        }
        if len(scores) == len(asked.answers):
            return self._choice(asked, [scores[ids] for ids in asked.answers])
        best = found[0]
        return Answer(
            request=asked.request.id,
            text=asked.candidates[asked.answers.index(best.tokens[given:-1])],
            probabilities=None,
            cut_off=False,
            model=self.identity,
            score=sum(best.positional_scores[given:]),
        )

    def _choice(self, asked: Prepared, scores: Sequence[float]) -> Answer:
        """A probability for each candidate: softmax of their scores, calibrated as fitted.

        Scores normalised by length are none that anything was fitted to. Raises ModelError for
        scores that are no numbers.
        """
        if not all(math.isfinite(score) for score in scores):
            raise ModelError(
                f"The model {self.identity.name} computed no number for an answer. Choose another "
                "precision, or install the model again."
            )
        task, question = asked.task.name, asked.question
        shares = probabilities(self.calibration, task, question, asked.candidates, scores)
        best = max(range(len(shares)), key=shares.__getitem__)
        is_plain = asked.search is None or asked.search.unnormalized
        return Answer(
            request=asked.request.id,
            text=asked.candidates[best],
            probabilities=shares,
            cut_off=False,
            model=self.identity,
            score=scores[best],
            calibrated=is_plain and is_calibrated(self.calibration, task, question),
        )

    # --- free text ---

    def _write(self, asked: Prepared, states: EncoderOutput, stop: Stop) -> Iterator[Event]:
        """Free text, piece by piece: what all beams and all finished texts begin with."""
        given = len(asked.prompt) - 1
        stream = TextStream(self.tokenizer)
        for event in self._searched(asked, states, stop):
            if isinstance(event, Step):
                if event.settled > given:
                    piece = stream.push(event.tokens[given : event.settled])
                    if piece:
                        yield Token(asked.request.id, piece)
                continue
            yield from self._end(asked, event[0][0], stream)
            return
        raise Stopped

    def _end(self, asked: Prepared, best: Hypothesis, stream: TextStream) -> Iterator[Event]:
        given = len(asked.prompt) - 1
        tokens, shares = best.tokens[given:], best.positional_scores[given:]
        text = self.tokenizer.decode(tokens).strip()
        rest = text[len(stream.text) :]
        if rest:
            yield Token(asked.request.id, rest)
        yield Answer(
            request=asked.request.id,
            text=text,
            probabilities=None,
            cut_off=best.cut_off,
            model=self.identity,
            score=sum(shares),
            sentence_probabilities=shares_of_sentences(self.tokenizer, tokens, shares),
        )

    # --- places and codes ---

    def _places(self, asked: Prepared, found: Sequence[Hypothesis]) -> Answer:
        """Boxes in pixels of the request's image, and the same to read."""
        is_one = asked.task.name == GROUNDING
        best = likeliest_box(self.tokenizer, found) if is_one else found[0]
        objects, torn = objects_in(self.tokenizer, best.tokens)
        if is_one:
            objects = [(bins, asked.request.text.strip()[:LONGEST_LABEL]) for bins, _ in objects]
        places = tuple(place_of(bins, *asked.size, self.config, label) for bins, label in objects)
        return Answer(
            request=asked.request.id,
            text=places_text(places, torn),
            probabilities=None,
            cut_off=best.cut_off and not is_one,
            model=self.identity,
            score=sum(best.positional_scores),
            places=places,
        )

    def _codes(self, asked: Prepared, best: Hypothesis) -> Answer:
        first = self.tokenizer.first_code
        codes = tuple(symbol - first for symbol in best.tokens if symbol >= first)
        side = math.isqrt(len(codes))
        return Answer(
            request=asked.request.id,
            text=f"{len(codes)} codes of the image's middle, {side} x {side}, row by row. The "
            f"model {self.identity.name} has no decoder that makes pixels of them.",
            probabilities=None,
            cut_off=False,
            model=self.identity,
            score=sum(best.positional_scores),
            codes=codes,
        )

    # --- the search ---

    def _found(
        self, asked: Prepared, states: EncoderOutput, stop: Stop, trie: Trie | None = None
    ) -> list[Hypothesis]:
        """What a search ends with, best first."""
        for event in self._searched(asked, states, stop, trie):
            if not isinstance(event, Step):
                return event[0]
        raise Stopped

    def _searched(
        self, asked: Prepared, states: EncoderOutput, stop: Stop, trie: Trie | None = None
    ) -> Iterator[Step | list[list[Hypothesis]]]:
        assert asked.search is not None
        given = asked.prompt[1:]
        return search(
            self.network,
            states,
            asked.search,
            prefixes=[given] if given else None,
            trie=trie,
            stop=stop,
        )


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


def shares_of_sentences(
    tokenizer: Tokenizer, tokens: Sequence[int], scores: Sequence[float]
) -> tuple[float, ...]:
    """For each sentence the geometric mean of its tokens' probabilities.

    It says how sure the model was of its words, not whether they are true: not calibrated. The end
    of the text counts as a token of the last sentence.
    """
    text = tokenizer.decode(tokens)
    ends = [len(text[:end].encode()) for _, end in sentence_spans(text)]
    if not ends:
        return ()
    shares: list[list[float]] = [[] for _ in ends]
    length = 0
    for token, score in zip(tokens, scores, strict=True):
        length += len(tokenizer.decode_bytes([token]))
        sentence = next((i for i, end in enumerate(ends) if length <= end), len(ends) - 1)
        shares[sentence].append(score)
    return tuple(math.exp(sum(one) / len(one)) if one else 1.0 for one in shares)


def likeliest_box(tokenizer: Tokenizer, found: Sequence[Hypothesis]) -> Hypothesis:
    """The best hypothesis that is a box, else the best: the range leaves `<unk>` open (spec 13.7),
    so that some are none."""
    return next((one for one in found if objects_in(tokenizer, one.tokens)[0]), found[0])


def objects_in(
    tokenizer: Tokenizer, tokens: Sequence[int]
) -> tuple[list[tuple[tuple[int, ...], str]], int]:
    """Boxes as four bins with the label that follows them, and how many were not whole.

    Symbols before the first bin mean nothing; neither do fewer than four bins before a label.
    """
    last = tokenizer.first_bin + tokenizer.config.num_bins
    found: list[tuple[tuple[int, ...], str]] = []
    torn = 0
    bins: list[int] = []
    label: list[int] = []
    for symbol in [*tokens, None]:
        is_bin = symbol is not None and tokenizer.first_bin <= symbol < last
        if bins and (symbol is None or (is_bin and (label or len(bins) == 4))):
            if len(bins) == 4:
                found.append((tuple(bins), tokenizer.decode(label).strip()))
            else:
                torn += 1
            bins, label = [], []
        if symbol is None or symbol == EOS:
            continue
        if is_bin:
            bins.append(symbol - tokenizer.first_bin)
        elif bins:
            label.append(symbol)
    return found, torn


def places_text(places: Sequence[Place], torn: int = 0) -> str:
    """Places in words: corners in pixels, what is a line or a point, what was left out."""
    lines = [_place_text(place) for place in places]
    if torn:
        boxes = "one box" if torn == 1 else f"{torn} boxes"
        lines.append(f"{boxes} without four corners left out")
    return "; ".join(lines) or "no place named"


def _place_text(place: Place) -> str:
    corners = f"({place.x0:.0f}, {place.y0:.0f}) to ({place.x1:.0f}, {place.y1:.0f})"
    what = f"{place.label}: {corners}" if place.label else corners
    if not is_degenerate(place):
        return what
    is_point = place.x0 == place.x1 and place.y0 == place.y1
    return f"{what} ({'a point' if is_point else 'a line'}, without extent)"
