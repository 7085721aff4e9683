"""A sentence and the words in it that follow marks."""

from __future__ import annotations

from dataclasses import replace

from dicom_io.identity import Identity
from dicom_io.report.document import Link, human_sentence, standing

FRAME = Identity("P1", "", "1.2", "1.2.3", "1.2.3.4", 1)
ONE, OTHER = Link(FRAME, "5 mm", "a"), Link(FRAME, "5 mm", "b")


def test_two_links_of_the_same_words_keep_their_places() -> None:
    sentence = replace(human_sentence("5 mm by 5 mm."), links=(ONE, OTHER))

    wider = sentence.following(OTHER.target, "7 mm")
    assert wider.text == "5 mm by 7 mm."
    longer = wider.following(ONE.target, "7 mm")
    assert longer.text == "7 mm by 7 mm."
    assert longer.following(OTHER.target, "6 mm").text == "7 mm by 6 mm."


def test_what_is_gone_keeps_its_words_and_can_come_back() -> None:
    sentence = replace(human_sentence("5 mm."), links=(ONE,))

    gone = sentence.following(ONE.target, None)
    assert gone.text == "5 mm." and gone.links[0].is_gone
    assert gone.following(ONE.target, "5 mm") == sentence


def test_a_link_ends_when_its_words_are_written_over() -> None:
    assert standing("about 6 mm", (ONE,)) == ()
    assert standing("5 mm, then 5 mm", (ONE, OTHER)) == (ONE, OTHER)
    assert standing("only 5 mm", (ONE, OTHER)) == (ONE,)
