"""What the network says becomes text, boxes and shares that can be read."""

from __future__ import annotations

import pytest

from model_backend.biomedgpt.answering import (
    TextStream,
    likeliest_box,
    objects_in,
    places_text,
    shares_of_sentences,
)
from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.search import Hypothesis
from model_backend.biomedgpt.tokenizer import EOS, UNK, Tokenizer
from model_backend.request import Place


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer(OFAConfig())


def test_stream_never_cuts_a_letter_in_two(tokenizer: Tokenizer) -> None:
    text = "  ≤ 3 µm, naïve 🫁 结节 end  "
    ids = tokenizer.encode(text)
    stream = TextStream(tokenizer)

    pieces = [stream.push(ids[: count + 1]) for count in range(len(ids))]

    assert "".join(pieces) == text.strip()
    assert len(ids) > len(text.split())
    assert not any("�" in piece for piece in pieces)
    grown = ""
    for piece in pieces:
        grown += piece
        assert text.strip().startswith(grown)


def said(tokenizer: Tokenizer, *parts: int | str) -> list[int]:
    """Bins as numbers, labels as texts, and the end."""
    ids: list[int] = []
    for part in parts:
        if isinstance(part, int):
            ids.append(tokenizer.first_bin + part)
        else:
            ids += tokenizer.encode(part)
    return [*ids, EOS]


def test_boxes_are_read_with_their_labels(tokenizer: Tokenizer) -> None:
    ids = said(tokenizer, 20, 0, 125, 122, " bone", 9, 0, 65, 33, " soft tissue")

    assert objects_in(tokenizer, ids) == (
        [((20, 0, 125, 122), "bone"), ((9, 0, 65, 33), "soft tissue")],
        0,
    )


@pytest.mark.parametrize(
    ("parts", "found", "torn"),
    [
        ((), [], 0),
        ((" nothing here",), [], 0),
        ((" stray", 1, 2, 3, 4, " rib"), [((1, 2, 3, 4), "rib")], 0),
        ((1, 2, 3, 4), [((1, 2, 3, 4), "")], 0),
        ((1, 2, 3, 4, 5, 6, 7, 8, " rib"), [((1, 2, 3, 4), ""), ((5, 6, 7, 8), "rib")], 0),
        ((1, 2, 3, " rib", 5, 6, 7, 8, " lung"), [((5, 6, 7, 8), "lung")], 1),
        ((1, 2, 3, 4, " rib", 5), [((1, 2, 3, 4), "rib")], 1),
        ((1,), [], 1),
    ],
)
def test_torn_boxes_are_counted_not_guessed(
    tokenizer: Tokenizer, parts: tuple[int | str, ...], found: list[object], torn: int
) -> None:
    assert objects_in(tokenizer, said(tokenizer, *parts)) == (found, torn)


def test_unknown_symbol_within_a_box_tears_it(tokenizer: Tokenizer) -> None:
    first = tokenizer.first_bin
    ids = [first, first + 1, UNK, first + 2, EOS]

    assert objects_in(tokenizer, ids) == ([], 2)


def test_likeliest_box_is_the_best_that_is_one(tokenizer: Tokenizer) -> None:
    bins = [tokenizer.first_bin + number for number in range(4)]
    torn = Hypothesis((bins[0], UNK, *bins[2:], EOS), -1.0, (), False)
    whole = Hypothesis((*bins, EOS), -2.0, (), False)
    worse = Hypothesis((*reversed(bins), EOS), -3.0, (), False)

    assert likeliest_box(tokenizer, [torn, whole, worse]) is whole
    assert likeliest_box(tokenizer, [torn]) is torn


def test_places_are_read_in_pixels() -> None:
    places = [
        Place(0, 0, 70.2, 90, "heart"),
        Place(5, 5, 5, 9, "line"),
        Place(5, 5, 5, 5),
    ]

    assert places_text(places, 1) == (
        "heart: (0, 0) to (70, 90); line: (5, 5) to (5, 9) (a line, without extent); "
        "(5, 5) to (5, 5) (a point, without extent); one box without four corners left out"
    )
    assert places_text([]) == "no place named"
    assert places_text([], 3) == "3 boxes without four corners left out"


def test_each_sentence_has_the_mean_of_its_own_symbols(tokenizer: Tokenizer) -> None:
    first, second = tokenizer.encode(" No effusion."), tokenizer.encode(" Heart is large.")
    scores = [-1.0] * len(first) + [-2.0] * len(second) + [-2.0]

    shares = shares_of_sentences(tokenizer, [*first, *second, EOS], scores)

    assert shares == pytest.approx((0.36788, 0.13534), abs=1e-5)
    assert shares_of_sentences(tokenizer, [EOS], [-1.0]) == ()
