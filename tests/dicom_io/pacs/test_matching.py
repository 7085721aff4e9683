"""The matching rules of PS3.4 C.2.2.2, and what a person types into one field."""

from __future__ import annotations

import pytest

from dicom_io.identity import Identity
from dicom_io.pacs.matching import (
    matches_name,
    matches_query,
    matches_range,
    matches_text,
    matches_uid,
)
from dicom_io.source import Query
from dicom_io.study import Study

STUDY = Study(
    Identity("AB-12", "", "1.2.3"),
    patient_name="Müller^Änne=山田^太郎",
    date="20240315",
    accession="ACC77",
    modalities=("CT", "SR"),
)


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("", "anything", True),
        ("*", "", True),
        ("AB*", "AB-12", True),
        ("A?-12", "AB-12", True),
        ("ab*", "AB-12", False),
        ("B", "AB-12", False),
        ("A.*", "AB-12", False),
        ("[AB]*", "AB-12", False),
        ("AB-12 ", "AB-12", True),
        ("*\n*", "A\nB", True),
    ],
)
def test_text_matches_by_wildcards_and_by_case(pattern: str, value: str, matches: bool) -> None:
    assert matches_text(pattern, value) is matches


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("müller*", True),
        ("MÜLLER^ÄNNE", True),
        ("Mu\u0308ller*", True),  # the same letter in two code points
        ("山田*", True),
        ("山田^太郎", True),
        ("Muller*", False),
        ("太郎", False),
        ("Müller^Änne=山田^太郎", True),
        ("M?ller*", True),
    ],
)
def test_a_name_matches_in_any_case_and_in_each_of_its_groups(pattern: str, matches: bool) -> None:
    assert matches_name(pattern, STUDY.patient_name) is matches


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("20240315", "20240315", True),
        ("20240314", "20240315", False),
        ("20240301-20240331", "20240315", True),
        ("20240315-", "20240315", True),
        ("-20240314", "20240315", False),
        ("-20240315", "20240315", True),
        ("20240301-", "", False),
        ("", "", True),
        ("101530-1200", "101530.25", True),
        ("-1015", "101530", True),
    ],
)
def test_dates_and_times_match_ranges_open_at_either_end(
    pattern: str, value: str, matches: bool
) -> None:
    assert matches_range(pattern, value) is matches


def test_a_uid_matches_a_list_of_uids_but_no_part_of_itself() -> None:
    assert matches_uid("1.2.3\\1.2.4", "1.2.4")
    assert not matches_uid("1.2", "1.2.4")


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        (Query(), True),
        (Query(text="müller"), True),
        (Query(text="änne müller"), False),
        (Query(text="Müller, Änne"), True),
        (Query(text="b-1"), True),
        (Query(text="acc7"), True),
        (Query(text="acc8"), False),
        (Query(modality="SR"), True),
        (Query(modality="MR"), False),
        (Query(text="müller", modality="MR"), False),
        (Query(date="2024"), True),
        (Query(patient_id="AB"), False),
        (Query(study="1.2.3"), True),
    ],
)
def test_a_query_matches_all_of_its_keys_and_one_typed_text(query: Query, matches: bool) -> None:
    assert matches_query(query, STUDY) is matches


def test_many_wildcards_in_a_pattern_match_rightly() -> None:
    assert not matches_text("*a" * 20, "a" * 19)
