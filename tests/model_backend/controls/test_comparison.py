"""Words that compare with an earlier study are found, and words that only look so are not."""

from __future__ import annotations

import tomllib

import pytest

from model_backend.controls.comparison import LANGUAGES, TABLE, compares, comparisons

COMPARE = {
    "en": (
        "The heart is unchanged.",
        "There is no change.",
        "No significant interval change.",
        "Interval development of a left pleural effusion.",
        "Compared with the previous radiograph, the effusion is larger.",
        "As compared to the prior study, there is little change.",
        "In comparison with the study of 3 May, the tube has been removed.",
        "New opacity in the left lower lobe.",
        "New since the last examination: a right apical pneumothorax.",
        "Stable cardiomegaly.",
        "The heart size remains enlarged.",
        "Again seen is a calcified granuloma.",
        "The effusion has increased in size.",
        "Decrease in size of the pneumothorax.",
        "Improved aeration of the left base.",
        "Worsening bilateral opacities.",
        "The pneumothorax has resolved.",
        "There is no longer an effusion.",
        "The nodule was previously 5 mm.",
        "Persistent atelectasis at the right base.",
        "UNCHANGED APPEARANCE OF THE CHEST",
    ),
    "de": (
        "Unverändert großes Herz.",
        "Im Vergleich zur Voraufnahme zunehmender Erguss.",
        "Verglichen mit der Voruntersuchung kein neuer Befund.",
        "Neu aufgetretene Verschattung links basal.",
        "Konstanter Befund.",
        "Stabiler Rundherd im rechten Oberlappen.",
        "Rückläufiger Pleuraerguss.",
        "Progrediente Stauung.",
        "Im Intervall ist die Drainage entfernt worden.",
        "Weiterhin Erguss rechts.",
        "Der Pneumothorax ist nicht mehr nachweisbar.",
        "Keine Änderung gegenüber dem Vorbefund.",
        "Seit der letzten Aufnahme größenprogredient.",
        "Vorbestehende Narben beidseits.",
        "Erneut Nachweis eines Rundherdes.",
        "Der Erguss hat zugenommen.",
    ),
}
INNOCENT = {
    "en": (
        "The lungs are clear.",
        "The chest radiograph is normal.",
        "There is airspace opacity consistent with pneumonia.",
        "The PR interval is normal.",
        "The atlantodental interval measures 2 mm.",
        "Sections were taken at intervals of 5 mm.",
        "Compared with the left side, the right lung is smaller.",
        "Attenuation is low compared to the spleen.",
        "The patient is haemodynamically stable.",
        "A stable fracture of the pelvis.",
        "Degenerative changes of the spine.",
        "No degenerative changes.",
        "No acute osseous change.",
        "Since the patient is rotated, the heart cannot be judged.",
        "A chest radiograph of a newborn.",
        "The film was taken prior to intubation.",
        "Status after previous sternotomy.",
        "No prior studies are available for comparison.",
        "Comparison: none.",
        "The catheter lies against the wall.",
        "The pattern is more in keeping with a bacterial than a viral cause.",
        "A nodule before contrast of 20 HU.",
        "High-resolution sections of the lungs.",
        "Periosteal new bone along the tibia.",
        "The remaining lung is clear.",
    ),
    "de": (
        "Die Lungen sind frei.",
        "Kein Erguss, kein Pneumothorax.",
        "Das QT-Intervall ist normal.",
        "Im Vergleich zur Gegenseite verschmälerter Gelenkspalt.",
        "Im Verlauf des Ureters kein Konkrement.",
        "Neugeborenes mit regelrecht belüfteten Lungen.",
        "Keine degenerativen Veränderungen.",
        "Das Herz ist noch normal groß.",
        "Stabile Fraktur des Beckens.",
        "Keine Voraufnahmen vorhanden.",
        "Seitlich kein Erguss.",
        "Weder Erguss noch Pneumothorax.",
        "Verlaufskontrolle in drei Monaten empfohlen.",
        "Kreislaufstabiler Patient.",
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_that_compares_is_found(language: str) -> None:
    missed = [text for text in COMPARE[language] if not compares(text, language)]

    assert not missed


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_that_only_look_like_a_comparison_pass(language: str) -> None:
    caught = {text: comparisons(text, language) for text in INNOCENT[language]}

    assert not {text: found for text, found in caught.items() if found}


@pytest.mark.parametrize("word", ["unchanged", "compared", "interval", "previous"])
def test_the_four_words_of_an_invented_comparison_are_always_found(word: str) -> None:
    assert compares(f"The findings are {word}.")
    assert compares(word.upper(), "en")


def test_a_find_says_where_the_word_stands() -> None:
    text = "Stable heart, and new since the last study an effusion."

    found = comparisons(text, "en")

    assert [text[one.start : one.end] for one in found] == [one.word for one in found]
    assert [one.word for one in found] == ["Stable", "new since", "last study"]
    assert {one.language for one in found} == {"en"}


def test_without_a_known_language_both_lists_are_looked_through() -> None:
    assert compares("Unverändert.", "fr") and compares("Unchanged.", "fr")
    assert compares("Unverändert.", "de-AT") and not compares("Unverändert.", "en")


def test_a_phrase_is_not_joined_across_two_sentences() -> None:
    assert not compares("There is no fracture. Change the position of the tube.", "en")
    assert compares("There is no significant change of position.", "en")


def test_a_comparison_beside_an_innocent_phrase_is_still_found() -> None:
    text = "The patient is haemodynamically stable and the effusion is stable."

    (found,) = comparisons(text, "en")

    assert found.start == text.rindex("stable")


def test_every_entry_of_the_list_can_be_read() -> None:
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))

    for language in LANGUAGES:
        for entry in table[language]:
            assert entry.keys() <= {"words", "unless"} and entry["words"]
            for phrase in [*entry["words"], *entry.get("unless", [])]:
                for word in phrase.split():
                    assert word.count("(") == word.count(")") <= 1, phrase
            # A phrase that excuses must hold a word that accuses, or it excuses nothing.
            for phrase in entry.get("unless", []):
                assert phrase.strip(), entry
