"""The study that is read: first images at once, strangers refused, nothing late."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pytestqt.qtbot import QtBot

from dicom_io.errors import NodeTimedOut
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.source import Fetched, Stop
from dicom_io.study import Study
from ui.jobs import Jobs
from ui.reading import Arrival, Reading, Way

STUDY = "1.2.826.5"


def film(folder: Path, number: int, patient: str = "P5", study: str = STUDY) -> Path:
    dataset = dcmread(str(get_testdata_file("CT_small.dcm")))
    dataset.PatientID, dataset.StudyInstanceUID = patient, study
    dataset.SeriesInstanceUID = f"{study}.1"
    dataset.SOPInstanceUID = f"{study}.1.{number}"
    dataset.InstanceNumber = number
    path = folder / f"{patient}-{study}-{number}.dcm"
    dataset.save_as(path)
    return path


class Record:
    """Everything that a Reading told."""

    def __init__(self, reading: Reading) -> None:
        self.frames: list[ImageFrame] = []
        self.arrivals: list[Arrival] = []
        self.ends: list[Arrival] = []
        self.problems: list[Exception] = []
        reading.frames_arrived.connect(self.frames.extend)
        reading.progressed.connect(self.arrivals.append)
        reading.ended.connect(self.ends.append)
        reading.failed.connect(self.problems.append)


@pytest.fixture
def reading(jobs: Jobs) -> Reading:
    return Reading(jobs)


def study(uid: str = STUDY, patient: str = "P5") -> Study:
    return Study(Identity(patient, "", uid))


def on_disk(*paths: Path) -> Way:
    return Way(lambda: paths)


def test_the_first_image_is_there_while_the_rest_is_still_to_come(
    reading: Reading, qtbot: QtBot, tmp_path: Path
) -> None:
    record = Record(reading)
    paths = [film(tmp_path, number) for number in (1, 2)]
    gate = threading.Event()

    def fetch(stop: Stop) -> Iterator[Fetched]:
        yield Fetched(study().identity, paths[0], 1, 0, 1)
        gate.wait(10)
        yield Fetched(study().identity, paths[1], 2, 0, 0)

    reading.open(study(), Way(lambda: (), fetch))
    qtbot.waitUntil(lambda: len(record.frames) == 1, timeout=5000)
    assert reading.is_loading
    assert (record.arrivals[0].completed, record.arrivals[0].remaining) == (1, 1)

    gate.set()
    qtbot.waitUntil(lambda: len(record.ends) == 1, timeout=5000)
    assert len(record.frames) == 2
    assert not reading.is_loading


def test_an_object_of_another_patient_in_the_study_is_not_shown(
    reading: Reading, qtbot: QtBot, tmp_path: Path
) -> None:
    record = Record(reading)

    reading.open(study(), on_disk(film(tmp_path, 1), film(tmp_path, 2, patient="OTHER")))
    qtbot.waitUntil(lambda: len(record.ends) == 1, timeout=5000)

    assert [frame.identity.patient_id for frame in record.frames] == ["P5"]
    assert "another patient" in record.arrivals[-1].problem


def test_a_file_of_another_study_is_not_shown(
    reading: Reading, qtbot: QtBot, tmp_path: Path
) -> None:
    record = Record(reading)

    reading.open(study(), on_disk(film(tmp_path, 1, study="1.2.826.6")))
    qtbot.waitUntil(lambda: len(record.ends) == 1, timeout=5000)

    assert record.frames == []
    assert reading.identity is None


def test_nothing_of_a_study_comes_after_another_was_opened(
    reading: Reading, qtbot: QtBot, tmp_path: Path
) -> None:
    record = Record(reading)
    late, next_one = film(tmp_path, 1), film(tmp_path, 1, "P6", "1.2.826.6")
    gate = threading.Event()

    def slow(stop: Stop) -> Iterator[Fetched]:
        gate.wait(10)
        yield Fetched(study().identity, late, 1, 0, 0)

    reading.open(study(), Way(lambda: (), slow))
    reading.open(study("1.2.826.6", "P6"), on_disk(next_one))
    gate.set()
    qtbot.waitUntil(lambda: len(record.ends) == 1, timeout=5000)

    assert [frame.identity.study for frame in record.frames] == ["1.2.826.6"]


def test_a_source_that_fails_leaves_what_is_on_the_disk(
    reading: Reading, qtbot: QtBot, tmp_path: Path
) -> None:
    record = Record(reading)
    here = film(tmp_path, 1)

    def fetch(stop: Stop) -> Iterator[Fetched]:
        raise NodeTimedOut("PACS keeps silent. Try again.", "PACS")
        yield

    reading.open(study(), Way(lambda: (here,), fetch))
    qtbot.waitUntil(lambda: len(record.problems) == 1, timeout=5000)

    assert len(reading.frames()) == 1
    assert str(record.problems[0]) == "PACS keeps silent. Try again."


def test_a_file_that_is_no_dicom_is_told_and_the_others_are_shown(
    reading: Reading, qtbot: QtBot, tmp_path: Path
) -> None:
    record = Record(reading)
    letter = tmp_path / "letter.dcm"
    letter.write_text("Dear colleague", "utf-8")

    reading.open(study(), on_disk(letter, film(tmp_path, 1)))
    qtbot.waitUntil(lambda: len(record.ends) == 1, timeout=5000)

    assert "letter.dcm" in record.arrivals[0].problem
    assert len(record.frames) == 1


def test_a_second_file_of_the_same_uid_is_refused_by_name(
    reading: Reading, qtbot: QtBot, tmp_path: Path
) -> None:
    record = Record(reading)
    first = film(tmp_path, 1)
    copy, other = tmp_path / "copy.dcm", tmp_path / "other.dcm"
    copy.write_bytes(first.read_bytes())
    other.write_bytes(first.read_bytes()[:-2] + b"\1\2")  # a pixel differs

    reading.open(study(), on_disk(first, copy, other, film(tmp_path, 2)))
    qtbot.waitUntil(lambda: len(record.ends) == 1, timeout=5000)

    assert [frame.path for frame in record.frames] == [first, film(tmp_path, 2)]
    told = [arrival.problem for arrival in record.arrivals if arrival.problem]
    assert len(told) == 1
    assert "other.dcm has the same SOP Instance UID" in told[0]
    assert record.ends[0].problem == told[0]  # it is still there when all is loaded


def test_many_files_are_told_in_few_steps_the_first_at_once(
    reading: Reading, qtbot: QtBot, tmp_path: Path
) -> None:
    steps: list[int] = []
    reading.frames_arrived.connect(lambda frames: steps.append(len(frames)))
    paths = [film(tmp_path, number) for number in range(1, 61)]
    record = Record(reading)

    reading.open(study(), on_disk(*paths))
    qtbot.waitUntil(lambda: len(record.ends) == 1, timeout=5000)

    assert steps[0] == 1
    assert sum(steps) == 60
    assert len(steps) < 60
    assert [frame.path for frame in record.frames] == paths


def test_all_that_was_refused_is_counted_at_the_end(
    reading: Reading, qtbot: QtBot, tmp_path: Path
) -> None:
    record = Record(reading)
    letters = [tmp_path / f"letter-{number}.dcm" for number in range(3)]
    for letter in letters:
        letter.write_text("Dear colleague", "utf-8")

    reading.open(study(), on_disk(film(tmp_path, 1), *letters, film(tmp_path, 2)))
    qtbot.waitUntil(lambda: len(record.ends) == 1, timeout=5000)

    assert "letter-0.dcm" in record.ends[0].problem
    assert "2 more objects could not be shown." in record.ends[0].problem
