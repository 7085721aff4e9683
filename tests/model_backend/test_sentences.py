"""Sentences end where a reader would say so."""

from __future__ import annotations

import pytest

from model_backend.sentences import is_whole, sentence_spans, split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", ()),
        (" \n ", ()),
        ("One. Two.", ("One.", "Two.")),
        ("The nodule measures 3.5 cm. It is new", ("The nodule measures 3.5 cm.", "It is new")),
        ("the heart is normal . no effusion .", ("the heart is normal .", "no effusion .")),
        ("Opacity, e.g. pneumonia. Is it new?", ("Opacity, e.g. pneumonia.", "Is it new?")),
        ("Seen by Dr. Weiss. Clear.", ("Seen by Dr. Weiss.", "Clear.")),
        ("Vitamin D. deficiency is not seen.", ("Vitamin D. deficiency is not seen.",)),
        ('He said "clear." Done.', ('He said "clear."', "Done.")),
        ("Wait... there is more", ("Wait...", "there is more")),
        ("!?", ("!?",)),
    ],
)
def test_sentences_are_found(text: str, sentences: tuple[str, ...]) -> None:
    assert split_sentences(text) == sentences


def test_spans_cover_the_text_in_order() -> None:
    text = " One.  Two! three"

    spans = sentence_spans(text)

    assert "".join(text[begin:end] for begin, end in spans) == text


def test_sentence_without_its_full_stop_is_not_whole() -> None:
    assert is_whole("There is no effusion.")
    assert is_whole('He said "clear."')
    assert not is_whole("There is no")
    assert not is_whole("")
