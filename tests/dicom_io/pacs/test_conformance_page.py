"""docs/conformance.md says what the code's tables say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydicom.uid import UID

from dicom_io.pacs.association import _SERVICES, MAX_PDU
from dicom_io.pacs.contexts import (
    IMAGE_SYNTAXES,
    STORAGE_CLASSES,
    UNCOMPRESSED,
    VIDEO_SYNTAXES,
    syntaxes_of_class,
)
from dicom_io.pacs.station import Limits

_SAID_AS = {
    "Verification SOP Class": "Verification",
    "Study Root Query/Retrieve Information Model - FIND": "Study Root Query/Retrieve – FIND",
    "Study Root Query/Retrieve Information Model - GET": "Study Root Query/Retrieve – GET",
    "Study Root Query/Retrieve Information Model - MOVE": "Study Root Query/Retrieve – MOVE",
    "Storage Commitment Push Model SOP Class": "torage commitment",
    "Modality Worklist Information Model - FIND": "Modality Worklist Information Model – FIND",
}


@pytest.fixture(scope="module")
def page() -> str:
    root = Path(__file__).resolve().parents[3]
    return (root / "docs/conformance.md").read_text(encoding="utf-8")


def groups(page: str) -> dict[str, list[UID]]:
    """The transfer syntaxes that the page lists, by group."""
    found: dict[str, list[UID]] = {}
    for name, uid in re.findall(r"^\| (plain|images|videos) \| [^|]+ \| ([\d.]+) \|$", page, re.M):
        found.setdefault(name, []).append(UID(uid))
    return found


def test_the_transfer_syntaxes_of_each_group_are_those_that_are_offered(page: str) -> None:
    listed = groups(page)

    assert set(listed["plain"]) > set(UNCOMPRESSED)
    assert set(listed["plain"] + listed["images"]) == set(IMAGE_SYNTAXES)
    assert set(listed["videos"]) == set(VIDEO_SYNTAXES)


def test_every_storage_class_is_listed_with_its_group(page: str) -> None:
    listed = groups(page)
    plain = set(listed["plain"])
    images = plain | set(listed["images"])
    offered = {"plain": plain, "images": images, "videos": images | set(listed["videos"])}

    rows = re.findall(r"^\| ([^|]+) \| ([\d.]+) \| (plain|images|videos) \|$", page, re.M)

    assert {uid for _, uid, _ in rows} == set(STORAGE_CLASSES)
    for name, uid, group in rows:
        assert UID(uid).name == name
        assert set(syntaxes_of_class(uid)) == offered[group], name


def test_every_service_that_we_ask_for_is_named(page: str) -> None:
    for uid in _SERVICES:
        assert _SAID_AS[UID(uid).name] in page


def test_the_limits_of_the_listener_are_those_of_the_code(page: str) -> None:
    limits = Limits()

    assert f"at most {limits.associations} associations, {limits.associations_each} from" in page
    assert f"PDUs up to {MAX_PDU:,} bytes" in page
