"""A preliminary report in the window: released by its reader, its draft still open, then signed."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from pydicom import dcmread
from pytestqt.qtbot import QtBot

from dicom_io.pacs.samples import sample_files
from dicom_io.report import sr
from dicom_io.report.document import ReportState, SectionKind
from tests.plugin.desk import Desk
from tests.servers import Server


def test_a_released_report_is_stored_and_followed_by_the_signed_one(
    qtbot: QtBot, orthanc: Server, tmp_path: Path
) -> None:
    film = next(path for path in sample_files() if path.name == "CT_small.dcm")
    orthanc.load([film])
    desk = Desk(qtbot, tmp_path, [orthanc.source], plugins=())
    try:
        desk.search("")
        desk.open(str(dcmread(film, stop_before_pixels=True).StudyInstanceUID))
        session = desk.viewer.session
        session.ledger.write(SectionKind.FINDINGS, "A nodule of 30 mm.")

        desk.sign("Demo, Reader", "DEMONSTRATION", "correct horse", preliminary=True)
        desk.wait(lambda: any(one.is_stored for one in session.filing.items()))

        (item,) = session.filing.items()
        released = dcmread(BytesIO(item.content()))
        assert item.preliminary
        assert released.VerificationFlag == "UNVERIFIED"
        assert desk.standing() == "preliminary, unsigned"
        assert session.ledger.is_open
        assert session.marks()[item.identity.study].text == "preliminary"

        session.ledger.write(SectionKind.FINDINGS, "No effusion.")
        assert session.ledger.document is not None
        desk.sign("Demo, Reader", "DEMONSTRATION", "correct horse")
        desk.wait(lambda: desk.standing().startswith("In PACS, verified"))

        final = session.filing.item_of(item.identity)
        assert final is not None
        back = sr.read(dcmread(BytesIO(final.content())))
        assert back.state is ReportState.SIGNED
        assert back.predecessor == item.uid
    finally:
        desk.close()
