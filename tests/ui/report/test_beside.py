"""What is signed in the window goes to the PACS together: words, measurements, key images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation, Kind
from dicom_io.pacs.samples import sample_files
from dicom_io.report.document import SectionKind, new_id
from dicom_io.report.key_objects import KEY_OBJECTS, read_key_objects
from dicom_io.report.pages.reading import read_page
from tests.judges import judge
from tests.plugin.desk import Desk
from tests.servers import Server


@pytest.fixture
def film() -> Path:
    return next(path for path in sample_files() if path.name == "CT_small.dcm")


@pytest.fixture
def desk(qtbot: QtBot, own_home: Path, orthanc: Server, film: Path) -> Iterator[Desk]:
    orthanc.load([film])
    opened = Desk(qtbot, own_home, [orthanc.source], plugins=())
    yield opened
    opened.close()


def test_measurements_and_key_images_are_signed_with_the_report(
    desk: Desk, orthanc: Server, film: Path, tmp_path: Path
) -> None:
    header = dcmread(film, stop_before_pixels=True)
    frame = Identity.of(header, 1)
    desk.search("")
    desk.open(frame.study)
    marks = desk.window.marking.annotations
    marks.add(Annotation(new_id(), frame, Kind.LENGTH, ((10, 20), (50, 50)), "Nodule"))
    marks.toggle_key_image(frame)
    desk.viewer.session.ledger.write(SectionKind.FINDINGS, "A nodule of 30 mm.")

    desk.sign("Demo, Reader", "DEMONSTRATION", "correct horse")
    desk.wait(lambda: desk.standing().startswith("In PACS, verified"))
    desk.wait(lambda: not desk.viewer.session.filing.waiting())

    back = stored(orthanc, frame.study, tmp_path / "back")
    root = "1.2.840.10008.5.1.4.1.1."
    classes = sorted(str(one.SOPClassUID).removeprefix(root) for one in back)
    assert classes == ["2", "88.11", "88.34", "88.59"]
    (findings,) = [one for one in back if str(one.SOPClassUID).endswith("88.34")]
    path = Path(str(findings.filename))
    (length,) = [line for line in read_page(path).lines if line.kind == "NUM"]
    assert length.value.endswith(" mm") and float(length.value.split()[0]) == pytest.approx(
        50 * float(header.PixelSpacing[0]), abs=0.01
    )
    assert judge(path, header, tmp_path, kind="Comprehensive3DSR") == ()
    (keys,) = [read_key_objects(one) for one in back if one.SOPClassUID == KEY_OBJECTS]
    assert keys.title == "For Report Attachment"
    assert keys.images == (frame.of_frame(0),)


def stored(orthanc: Server, study: str, into: Path) -> list[Dataset]:
    events = orthanc.source.fetch(study, into)
    return [dcmread(event.path) for event in events if event.path is not None]
