"""A report comes home: one study in the archive, the same names, every text, in real archives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from dicom_io.pacs.dimse import DimseSource
from dicom_io.report import sr
from dicom_io.report.check import check
from dicom_io.report.compare import Comparison, compare
from dicom_io.report.document import human_sentence
from dicom_io.source import Query
from tests.reports import SOFTWARE, draft, film, sample, signed
from tests.servers import Server

IMAGES = {
    "utf-8": film(PatientName="Wang^XiaoDong=王^小东"),
    "gb18030": film(SpecificCharacterSet="GB18030", PatientName="Wang^XiaoDong=王^小东"),
    "japanese": film(
        SpecificCharacterSet=["", "ISO 2022 IR 87"],
        PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう",
    ),
    "cyrillic": film(SpecificCharacterSet="ISO_IR 144", PatientName="Люкceмбypг^Анна"),
    "latin 1": film(SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Bärbel^^Dr.^MD"),
    "no issuer": film(IssuerOfPatientID=""),
    "no accession": film(AccessionNumber=""),
    "empty birth date": film(PatientBirthDate="", PatientSex=""),
    "bare": sample("MR_small.dcm"),
    "chest": sample("RG1_UNCR.dcm"),
}


def written(image: Dataset, path: Path) -> Path:
    """The header as a file that an archive takes."""
    copy = Dataset()
    copy.update({element.tag: element for element in image if not element.tag.is_private})
    copy.file_meta = FileMetaDataset()
    copy.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    copy.save_as(path, enforce_file_format=True)
    return path


def there_and_back(source: DimseSource, report: Dataset, path: Path) -> tuple[Dataset, Comparison]:
    """The report after it was stored in the archive and fetched again."""
    sr.write(report, path)
    (outcome,) = source.store([path])
    assert outcome.problem == ""
    into = path.parent / f"back-{report.SOPInstanceUID[-12:]}"
    into.mkdir()
    arrived = [one.path for one in source.fetch(report.StudyInstanceUID, into) if one.path]
    back = next(
        dataset
        for dataset in map(pydicom.dcmread, arrived)
        if dataset.SOPInstanceUID == report.SOPInstanceUID
    )
    return back, compare(report, back)


@pytest.mark.parametrize("label", IMAGES)
def test_a_report_lands_in_the_study_of_its_image(
    label: str, orthanc: Server, tmp_path: Path
) -> None:
    source = orthanc.source
    path = written(IMAGES[label], tmp_path / "image.dcm")
    list(source.store([path]))
    image = pydicom.dcmread(path)
    report = sr.build(signed(draft(image, human_sentence("≤ µ é 结节\nnext"))), [image], SOFTWARE)

    back, outcome = there_and_back(source, report, tmp_path / "report.dcm")

    assert (outcome.equal, outcome.differences) == (True, ())
    assert str(back.PatientName) == str(image.PatientName)
    assert check(back, [image]) == ()
    studies = [found.study for found in source.find(Query(study=image.StudyInstanceUID))]
    assert len([one for one in studies if one is not None]) == 1
    assert len(orthanc.ask("/patients").split(b",")) == 1


def test_a_second_archive_keeps_every_element_too(dcmqrscp: Server, tmp_path: Path) -> None:
    image = IMAGES["japanese"]
    report = sr.build(signed(draft(image, human_sentence("≤ µ é 结节"))), [image], SOFTWARE)

    _, outcome = there_and_back(dcmqrscp.source, report, tmp_path / "report.dcm")

    assert (outcome.equal, outcome.differences) == (True, ())


def test_two_amendments_are_a_chain_in_the_archive(orthanc: Server, tmp_path: Path) -> None:
    source, image = orthanc.source, film()
    before: list[Dataset] = []
    for number in range(3):
        document = signed(draft(image, human_sentence(f"Version {number}.")))
        if before:
            document = replace(document, predecessor=str(before[-1].SOPInstanceUID))
        report = sr.build(document, [image, *before[-1:]], SOFTWARE)
        back, outcome = there_and_back(source, report, tmp_path / "report.dcm")
        assert outcome.equal
        before.append(back)

    chain = [sr.read(one).predecessor for one in before]
    assert chain == ["", before[0].SOPInstanceUID, before[1].SOPInstanceUID]
    assert len({one.SeriesInstanceUID for one in before}) == 3
