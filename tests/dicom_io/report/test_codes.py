"""The codes are the standard's."""

from __future__ import annotations

import pytest
from pydicom.sr.codedict import codes as standard

from dicom_io.report import codes
from dicom_io.report.document import SectionKind

GROUPS = {
    "cid7000": codes.TITLES,
    "cid7001": codes.HEADINGS,
    "cid7002": codes.ELEMENTS,
    "cid7452": (codes.PHYSICIAN,),
    "cid7453": (codes.PERFORMING, codes.VERIFYING),
}
CONCEPTS = [
    one
    for name, one in vars(codes).items()
    if isinstance(one, codes.Code) and one.scheme == "DCM" and name.isupper()
]


@pytest.mark.parametrize("group", GROUPS)
def test_codes_of_a_context_group_are_in_it(group: str) -> None:
    members = getattr(standard, group)
    known = {(one.value, one.scheme_designator, one.meaning) for one in members.concepts.values()}

    for code in GROUPS[group]:
        assert (code.value, code.scheme, code.meaning) in known


@pytest.mark.parametrize("code", CONCEPTS, ids=lambda code: code.meaning)
def test_concepts_are_dicoms_own(code: codes.Code) -> None:
    known = {(one.value, one.meaning) for one in standard.DCM.concepts.values()}

    assert (code.value, code.meaning) in known


def test_every_section_has_a_heading_and_an_element() -> None:
    assert set(codes.SECTIONS) == set(SectionKind)
    for heading, element in codes.SECTIONS.values():
        assert heading in codes.HEADINGS
        assert element in codes.ELEMENTS


def test_a_long_value_goes_into_its_own_attribute() -> None:
    item = codes.Code("x" * 17, "99WETREAD", "Long").item()

    assert item.LongCodeValue == "x" * 17
    assert "CodeValue" not in item
    assert codes.code_key(item) == ("x" * 17, "99WETREAD")
