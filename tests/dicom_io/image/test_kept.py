"""What is kept of a study is there again, whole, or a sentence says why it is not."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from dicom_io.errors import DiskFull, FormatTooNew, FormatUnreadable
from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation, Kind
from dicom_io.image.kept import Keeper, Kept
from dicom_io.image.lut import LookUpTable
from dicom_io.image.presentation import Orientation, Presentation
from dicom_io.image.window import LUT, SIGMOID, Window

FRAME = Identity("P1", "HOSPITAL", "2.25.1", "2.25.2", "2.25.3", 4)
SERIES = Identity("P1", "HOSPITAL", "2.25.1", "2.25.2")


@pytest.fixture
def kept() -> Kept:
    table = LookUpTable(-5, 12, b"\x01\x00\x02\x00", "Table")
    views = (
        Presentation(
            (SERIES,), Window(0.1, 3.3, SIGMOID), "INVERSE", Orientation(True, 3), (1.5, 2, 3, 4)
        ),
        Presentation((replace(SERIES, series="2.25.9"),), Window(1, 2, LUT, "Table", table)),
    )
    mark = Annotation("m", FRAME, Kind.LENGTH, ((0.1, 0.2), (1 / 3, 4.5)), "Größe ≤ 5 mm")
    labelled = replace(mark, id="n", label_at=(7.25, 1 / 3))  # its words were dragged away
    return Kept(FRAME.of_study(), (mark, labelled), (FRAME,), views, "content", "keys")


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    return Keeper(tmp_path / "presentations")


def test_everything_is_there_again_to_the_last_bit(keeper: Keeper, kept: Kept) -> None:
    keeper.save(kept)

    assert keeper.load(FRAME) == kept


def test_another_patients_study_of_the_same_number_finds_nothing(
    keeper: Keeper, kept: Kept
) -> None:
    keeper.save(kept)

    assert keeper.load(replace(FRAME, patient_id="P2")) is None
    assert keeper.load(replace(FRAME, issuer="")) is None


def test_file_names_tell_nothing_of_the_patient(keeper: Keeper, kept: Kept) -> None:
    path = keeper.save(kept)

    assert "P1" not in path.name and "2.25" not in path.name
    assert path.stat().st_mode & 0o077 == 0


def test_a_file_of_a_later_version_is_neither_read_nor_written_over(
    keeper: Keeper, kept: Kept
) -> None:
    path = keeper.save(kept)
    later = json.dumps({**json.loads(path.read_text()), "version": 99})
    path.write_text(later)

    with pytest.raises(FormatTooNew):
        keeper.load(FRAME)
    with pytest.raises(FormatTooNew):
        keeper.save(kept)
    assert path.read_text() == later


@pytest.mark.parametrize(
    "damage",
    ["", "{", '{"version": 1}', '{"version": 1, "study": 3}'],
)
def test_a_damaged_file_is_told_and_kept_aside(damage: str, keeper: Keeper, kept: Kept) -> None:
    path = keeper.save(kept)
    path.write_text(damage)

    with pytest.raises(FormatUnreadable):
        keeper.load(FRAME)
    keeper.save(kept)

    assert keeper.load(FRAME) == kept
    assert path.with_suffix(".unreadable").read_text() == damage


def test_a_mark_without_its_points_is_damage(keeper: Keeper, kept: Kept) -> None:
    path = keeper.save(kept)
    content = json.loads(path.read_text())
    content["annotations"][0]["points"] = [[1.0, 2.0]]
    path.write_text(json.dumps(content))

    with pytest.raises(FormatUnreadable, match="damaged"):
        keeper.load(FRAME)


def test_a_full_disk_keeps_the_former_file(
    keeper: Keeper, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper.save(kept)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match="nothing was lost"):
        keeper.save(replace(kept, annotations=()))
    monkeypatch.undo()

    assert keeper.load(FRAME) == kept


def test_content_changes_with_marks_and_views_and_with_nothing_else(kept: Kept) -> None:
    assert kept.content() == replace(kept, in_archive="x", key_images=()).content()
    assert kept.content() != replace(kept, annotations=()).content()
    assert kept.content() != replace(kept, views=kept.views[:1]).content()
    assert replace(kept, key_images=()).content_of_key_images() == ""
