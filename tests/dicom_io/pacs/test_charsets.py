"""Names and words come back from other makers' archives code point for code point (trap T9)."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation, Kind
from dicom_io.image.frame import open_frames
from dicom_io.image.presentation import Presentation
from dicom_io.image.window import Window
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.outbox import Outbox, State
from dicom_io.report.header import Software, new_uid
from dicom_io.report.key_objects import build_key_objects
from dicom_io.report.presentation_state import build_presentation, encoded
from tests.dicom_io.pacs.conftest import Signed
from tests.servers import Server

WORDS = "≤ 3 µm, é, Größe, 结节, 폐, Άνω"
# How the film writes the name, and the name.
NAMES = {
    "Latin-1": (["ISO_IR 100"], "Müller^Élodie"),
    "Cyrillic": (["ISO_IR 144"], "Люкceмбypг^Иван"),
    "Greek": (["ISO_IR 126"], "Διονυσιος^Αννα"),
    "Arabic": (["ISO_IR 127"], "قباني^لنزار"),
    "Japanese": (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    "Korean": (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
    "GB18030": (["GB18030"], "Wang^XiaoDong=王^小东"),
    "UTF-8": (["ISO_IR 192"], "Żółć^Łucja=结^节"),
}


@pytest.fixture(params=["orthanc", "dcmqrscp"])
def other(request: pytest.FixtureRequest) -> DimseSource:
    """An archive of another maker, empty."""
    server: Server = request.getfixturevalue(request.param)
    return server.source


def film_of(name: str, samples: dict[str, Path], folder: Path) -> Path:
    """A film whose patient's name is written in a character set of the list."""
    declared, patient = NAMES[name]
    film = dcmread(samples["CT_small.dcm"])
    film.SpecificCharacterSet = declared
    film.PatientName = patient
    film.StudyInstanceUID, film.SeriesInstanceUID = new_uid(), new_uid()
    film.SOPInstanceUID = film.file_meta.MediaStorageSOPInstanceUID = new_uid()
    path = folder / "film.dcm"
    film.save_as(path, enforce_file_format=True)
    return path


def objects(film: Path, signed_report: Signed) -> dict[str, Dataset]:
    """Everything that is sent about a film."""
    (frame,) = open_frames(film)
    mark = Annotation("mark-1", frame.identity, Kind.LENGTH, ((10.0, 20.0), (30.0, 44.0)), WORDS)
    seen = Presentation((frame.identity.of_frame(0),), Window(40, 400), annotations=(mark,))
    software = Software.installed()
    return {
        "report": signed_report(film, WORDS),
        "state": build_presentation(seen, [frame.header], software, texts={mark.id: WORDS}),
        "key images": build_key_objects([frame.identity], [frame.header], software),
    }


def texts_of(dataset: Dataset) -> list[str]:
    """Every text of a data set, the nested ones too."""
    found: list[str] = []
    for element in dataset.iterall():
        if element.VR in ("UT", "ST", "LT", "LO", "SH", "PN") and element.value is not None:
            found.append(str(element.value))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_names_and_words_come_back_code_point_for_code_point(
    name: str,
    other: DimseSource,
    samples: dict[str, Path],
    signed_report: Signed,
    tmp_path: Path,
) -> None:
    film = film_of(name, samples, tmp_path)
    assert [one.status for one in other.store([film])] == [0]
    sent = objects(film, signed_report)
    outbox = Outbox(tmp_path / "outbox")

    for one in sent.values():
        item = outbox.put(encoded(one), Identity.of(one), other.node)
        *_, last = outbox.deliver(item, other)
        assert last.state is State.VERIFIED, last.problem

    back = tmp_path / "back"
    back.mkdir()
    study = Identity.of(dcmread(film)).study
    paths = [event.path for event in other.fetch(study, back) if event.path]
    found = {str(one.SOPInstanceUID): one for one in map(dcmread, paths)}
    for kind, one in sent.items():
        again = found[str(one.SOPInstanceUID)]
        assert str(again.PatientName) == NAMES[name][1], kind
        assert texts_of(again) == texts_of(one), kind
    assert WORDS in texts_of(found[str(sent["report"].SOPInstanceUID)])
