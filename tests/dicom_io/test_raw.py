"""Values read from bytes are those that pydicom would give."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from dicom_io.image.elements import Odd, read_elements
from dicom_io.raw import tag_named, text_of, value_at

FILES = (
    "CT_small.dcm",
    "MR_small.dcm",
    "rtplan.dcm",
    "JPEG2000.dcm",
    "color-px.dcm",
    "US1_UNCR.dcm",
)
PIECES = (b"1", b"-2.50", b"+3e2 ", b" 7", b"", b"1.2.840.10008", b"AXIAL", b"M\xfcller",
          b"a~b", b"Smith^Al", b"\x1b$B", b"0x1", b"1_0", b"nan", b"inf", b"9" * 12, b"\0",
          b"  ")  # fmt: skip
KEYWORDS = {
    "CS": "ImageType", "LO": "PatientID", "SH": "AccessionNumber", "UI": "StudyInstanceUID",
    "DS": "ImagePositionPatient", "IS": "InstanceNumber", "US": "Rows", "PN": "PatientName",
}  # fmt: skip


def plain(value: Any) -> Any:
    """pydicom's value with the types that ours have."""
    if isinstance(value, (MultiValue, tuple)):
        return tuple(plain(one) for one in value)
    if isinstance(value, float):
        return "nan" if value != value else float(value)  # so that it equals itself
    return value


def with_raw(vr: str, content: bytes, *, little: bool = True, implicit: bool = False) -> Dataset:
    dataset = Dataset()
    dataset.set_original_encoding(implicit, little, "iso8859")
    tag = tag_named(KEYWORDS[vr])
    named = None if implicit else vr
    dataset[tag] = RawDataElement(tag, named, len(content), content, 0, implicit, little)
    return dataset


def told_by_pydicom(dataset: Dataset, keyword: str) -> Any:
    """The value, or the kind of error that it makes."""
    try:
        return plain(dataset[tag_named(keyword)].value)
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        return type(error)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("vr", KEYWORDS)
def test_any_bytes_give_what_pydicom_makes_of_them(vr: str) -> None:
    chance = random.Random(f"raw {vr}")
    quick = 0
    for _ in range(1500):
        content = b"\\".join(chance.choices(PIECES, k=chance.choice((1, 1, 1, 2, 3))))
        if vr == "US":
            content = chance.randbytes(chance.choice((0, 2, 2, 2, 4)))
        options = {"little": chance.random() < 0.9, "implicit": chance.random() < 0.3}
        dataset, keyword = with_raw(vr, content, **options), KEYWORDS[vr]
        try:
            own = plain(value_at(dataset, tag_named(keyword)))
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            own = type(error)
        quick += isinstance(dataset.get_item(tag_named(keyword)), RawDataElement)
        expected = told_by_pydicom(with_raw(vr, content, **options), keyword)
        assert own == expected, (vr, content, options)
    assert quick > 100 or vr == "PN"  # else this compared pydicom with itself


@pytest.mark.parametrize("name", FILES)
def test_the_elements_of_real_files_are_read_alike(name: str) -> None:
    path = get_testdata_file(name)
    assert path is not None
    with open(path, "rb") as file:  # noqa: PTH123  # a plain file is what `read_elements` takes
        try:
            found = read_elements(file).dataset
        except Odd:
            pytest.skip("not one for the quick reader")
    theirs = dcmread(path, stop_before_pixels=True)
    compared = 0
    for tag in list(found.keys()):
        if tag.is_private or found.get_item(tag).VR == "SQ":
            continue
        compared += 1
        assert plain(value_at(found, tag)) == plain(theirs[tag].value), tag
    assert compared > 20


def test_reading_leaves_the_data_set_as_it_was() -> None:
    dataset = with_raw("LO", b"4711 ")
    assert text_of(dataset, "PatientID") == "4711"
    assert isinstance(dataset.get_item(tag_named("PatientID")), RawDataElement)


def test_what_is_not_ascii_is_read_in_its_character_set() -> None:
    dataset = with_raw("LO", "Łódź".encode("iso8859_2"))
    dataset.set_original_encoding(False, True, "iso8859_2")
    assert text_of(dataset, "PatientID") == "Łódź"


def test_absent_and_empty_are_no_text_and_no_value() -> None:
    dataset = with_raw("LO", b"")
    assert text_of(dataset, "PatientID") == text_of(Dataset(), "PatientID") == ""
    assert value_at(Dataset(), tag_named("PatientID")) is None


def test_a_value_that_was_set_is_given_as_it_is() -> None:
    dataset = Dataset()
    dataset.add(DataElement(tag_named("ImageType"), "CS", ["ORIGINAL", "PRIMARY"]))
    assert list(value_at(dataset, tag_named("ImageType"))) == ["ORIGINAL", "PRIMARY"]


def test_a_keyword_that_nobody_knows_is_refused() -> None:
    with pytest.raises(KeyError):
        text_of(Dataset(), "PatientIdentity")
