"""ROUGE and CIDEr equal the public packages; the authors' clean-up equals its golden."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model_backend.evaluation.captions import cider, cleaned, rouge_l
from model_backend.evaluation.porter import stem
from model_backend.evaluation.rouge import fix_tokenization, longest_common, rouge


def test_the_clean_up_of_summaries_equals_the_reference(root: Path) -> None:
    file = root / "tests/data/goldens/preprocess/task_examples.json"
    examples = json.loads(file.read_text(encoding="utf-8"))["fix_tokenization"]

    assert len(examples) == 9
    for one in examples:
        assert fix_tokenization(one["in"]) == one["out"]


def test_every_digit_one_becomes_a_mark_after_numbers_are_joined() -> None:
    assert fix_tokenization("11 , 100 units") == "##,#00 units"


def test_half_a_contraction_loses_nothing() -> None:
    for text in ("'", "n ' t", "' s", "a -", "- b", ", 000", "3 , 00", ". .", '"'):
        assert fix_tokenization(text).replace(" ", "").replace("''", '"').replace(
            "``", '"'
        ).replace("`", "'") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("word", "expected"),
    [  # as NLTK 3.10 has them; the two agreed on 305,979 words
        ("caresses", "caress"),
        ("ponies", "poni"),
        ("dies", "die"),
        ("tied", "tie"),
        ("agreed", "agre"),
        ("feed", "feed"),
        ("hopping", "hop"),
        ("falling", "fall"),
        ("filing", "file"),
        ("happy", "happi"),
        ("enjoy", "enjoy"),
        ("relational", "relat"),
        ("radiological", "radiolog"),
        ("radiology", "radiolog"),
        ("generalization", "gener"),
        ("normally", "normal"),
        ("hopeful", "hope"),
        ("opacification", "opacif"),
        ("effusions", "effus"),
        ("rolled", "roll"),
        ("controlled", "control"),
        ("skies", "sky"),
        ("be", "be"),
    ],
)
def test_stems_are_those_of_the_toolkit(word: str, expected: str) -> None:
    assert stem(word) == expected


def test_rouge_equals_the_package_rouge_score() -> None:
    scores = rouge(
        "is metformin safe for diabetic patients with renal failure",
        "Is Metformin safe in patients who have diabetes and failing kidneys?",
    )

    assert scores["rouge_1"] == pytest.approx(EXPECTED_ROUGE[0], abs=1e-9)
    assert scores["rouge_2"] == pytest.approx(EXPECTED_ROUGE[1], abs=1e-9)
    assert scores["rouge_l"] == pytest.approx(EXPECTED_ROUGE[2], abs=1e-9)
    assert set(rouge("", "words").values()) == {0.0}


def test_cider_and_rouge_l_equal_the_coco_caption_toolkit() -> None:
    ours = [text.split() for text in HYPOTHESES]
    theirs = [[text.split() for text in texts] for texts in REFERENCES]

    assert cider(ours, theirs) == pytest.approx(EXPECTED_CIDER, abs=1e-9)
    assert [rouge_l(a, b) for a, b in zip(ours, theirs, strict=True)] == pytest.approx(
        EXPECTED_ROUGE_L, abs=1e-9
    )


def test_captions_are_cleaned_as_the_authors_do() -> None:
    assert cleaned(' The "Heart": is normal; x-ray [2] @ 50%! ') == [
        "the",
        "heart",
        "is",
        "normal",
        "x-ray",
        "2",
        "50",
    ]


def test_an_empty_caption_scores_nothing() -> None:
    assert rouge_l([], [["a"]]) == 0.0
    assert cider([[], ["a"]], [[["a"]], [["b"]]]) == [0.0, 0.0]
    assert longest_common([], ["a"]) == 0


HYPOTHESES = (
    "the heart is normal in size and there is no effusion",
    "right lower lobe opacity may be pneumonia",
    "no acute disease",
)
REFERENCES = (
    ("the heart is normal in size no pleural effusion or pneumothorax",),
    ("opacity in the right lower lobe consistent with pneumonia",),
    ("no acute cardiopulmonary disease", "no active disease"),
)
# From rouge-score 0.1.2 and pycocoevalcap 1.2, run once beside this code.
EXPECTED_ROUGE = (0.5, 0.222222222222, 0.4)
EXPECTED_CIDER = (4.743944919685, 2.739700592752, 2.185537869204)
EXPECTED_ROUGE_L = (0.727272727273, 0.488977955912, 0.835616438356)
