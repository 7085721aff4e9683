"""What sentences state, deny and leave open, one by one."""

from __future__ import annotations

import pytest

from model_backend.evaluation.statements import (
    DENIED,
    DOUBTED,
    STATED,
    finding_named,
    known_findings,
    mentions,
    statements,
)

SENTENCES: tuple[tuple[str, dict[str, str]], ...] = (
    ("There is a pleural effusion.", {"effusion": STATED}),
    ("There is no pleural effusion.", {"effusion": DENIED}),
    ("No effusion, nodule or mass.", {"effusion": DENIED, "nodule": DENIED, "mass": DENIED}),
    ("Without evidence of pneumonia.", {"pneumonia": DENIED}),
    ("The lungs are free of consolidation.", {"consolidation": DENIED}),
    ("Neither effusion nor pneumothorax.", {"effusion": DENIED, "pneumothorax": DENIED}),
    ("Pneumothorax is not seen.", {"pneumothorax": DENIED}),
    ("Effusion and pneumothorax are not seen.", {"effusion": DENIED, "pneumothorax": DENIED}),
    ("A pneumothorax has been excluded.", {"pneumothorax": DENIED}),
    ("No effusion but a large pneumothorax.", {"effusion": DENIED, "pneumothorax": STATED}),
    ("No effusion; cardiomegaly.", {"effusion": DENIED, "cardiomegaly": STATED}),
    ("No effusion. Atelectasis at the left base.", {"effusion": DENIED, "atelectasis": STATED}),
    ("No pneumothorax, effusion is present.", {"pneumothorax": DENIED, "effusion": STATED}),
    ("No acute finding except a nodule.", {"nodule": STATED}),
    ("Effusion is present, mass is not seen.", {"effusion": STATED, "mass": DENIED}),
    ("Pneumonia cannot be excluded.", {"pneumonia": DOUBTED}),
    ("Possible left lower lobe pneumonia.", {"pneumonia": DOUBTED}),
    ("This may represent atelectasis.", {"atelectasis": DOUBTED}),
    ("Findings suspicious for a mass.", {"mass": DOUBTED}),
    ("Pneumonia is unlikely.", {"pneumonia": DENIED}),
    ("No convincing effusion, possible atelectasis.", {"effusion": DENIED, "atelectasis": DOUBTED}),
    ("No change in the left effusion.", {"effusion": STATED}),
    ("No significant change in the nodule.", {"nodule": STATED}),
    ("Not only cardiomegaly, there is also edema.", {"cardiomegaly": STATED, "edema": STATED}),
    ("The heart is enlarged.", {"cardiomegaly": STATED}),
    ("The heart is not enlarged.", {"cardiomegaly": DENIED}),
    ("The heart size is normal.", {"cardiomegaly": DENIED}),
    ("The chest radiograph is normal.", {"normal": STATED}),
    ("The chest radiograph is not normal.", {"normal": DENIED}),
    ("An abnormal film.", {"normal": DENIED}),
    ("No acute cardiopulmonary abnormality.", {"normal": STATED}),
    ("No abnormal opacity.", {}),
    ("There is airspace opacity consistent with pneumonia.", {"pneumonia": STATED}),
    ("A mastectomy was done.", {}),
    ("Massive effusion.", {"effusion": STATED}),
    ("Nodule of 1.5 cm; no mass.", {"nodule": STATED, "mass": DENIED}),
    ("", {}),
)


@pytest.mark.parametrize(("text", "said"), SENTENCES, ids=[text for text, _ in SENTENCES])
def test_a_sentence_says_what_it_says(text: str, said: dict[str, str]) -> None:
    assert statements(text) == said


def test_clear_lungs_deny_what_would_make_them_unclear() -> None:
    said = statements("The lungs are clear.")

    assert said["pneumonia"] == said["consolidation"] == said["nodule"] == DENIED
    assert "effusion" not in said and "normal" not in said


def test_lungs_that_are_clear_but_for_one_thing_do_not_deny_it() -> None:
    said = statements("The lungs are clear except for a nodule.")

    assert said["nodule"] == STATED and said["mass"] == DENIED


def test_what_is_stated_anywhere_in_a_text_is_stated() -> None:
    assert statements("No pneumonia on the left. Pneumonia on the right.") == {"pneumonia": STATED}
    assert statements("Possible mass. No mass.") == {"mass": DOUBTED}


def test_a_mention_names_its_sentence_and_place() -> None:
    (one,) = mentions("Clear bases. A small\npneumothorax on the left")

    assert one.sentence[one.start : one.end] == "pneumothorax" and one.says == STATED


def test_names_of_other_sets_are_translated() -> None:
    assert finding_named("No Finding") == "normal" and finding_named("Edema") == "edema"
    assert finding_named("Pleural_Thickening") in known_findings()
