"""Small real reports and image headers that several tests build upon."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import pydicom
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from dicom_io.identity import Identity
from dicom_io.report.document import (
    Algorithm,
    Asked,
    Decision,
    Origin,
    Reader,
    ReportDocument,
    ReportState,
    Section,
    SectionKind,
    Sentence,
    human_sentence,
    new_id,
)
from dicom_io.report.header import Software

READER = Reader("Demo^Reader", "DEMONSTRATION")
SOFTWARE = Software(version="1.2.3")
MODEL = Algorithm("wetread-demo", "1.0.0", "0123456789abcdef" * 4, "Wetread")
SIGNED_AT = "2026-03-04T05:06:07+01:00"


def sample(name: str) -> Dataset:
    """The header of one of pydicom's own files."""
    path = get_testdata_file(name, download=False)
    assert path is not None, name
    return header(Path(str(path)))


def header(path: Path) -> Dataset:
    """The header of a file; what is wrong with the file itself is not this test's matter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(path, stop_before_pixels=True)


def film(**attributes: object) -> Dataset:
    """The header of a made-up chest film in UTF-8 with every type 2 attribute filled."""
    image = Dataset()
    image.SpecificCharacterSet = "ISO_IR 192"
    image.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    image.SOPInstanceUID = "2.25.1001"
    image.SeriesInstanceUID = "2.25.1002"
    image.StudyInstanceUID = "2.25.1003"
    image.PatientName = "Doe^Jane"
    image.PatientID = "P-17"
    image.IssuerOfPatientID = "HOSPITAL"
    image.PatientBirthDate = "19700102"
    image.PatientSex = "F"
    image.StudyDate = "20260301"
    image.StudyTime = "101112"
    image.AccessionNumber = "A-99"
    image.StudyID = "S1"
    image.ReferringPhysicianName = "House^Gregory"
    image.StudyDescription = "Chest"
    image.Modality = "DX"
    image.BodyPartExamined = "CHEST"
    image.Rows, image.Columns = 8, 8
    for keyword, value in attributes.items():
        setattr(image, keyword, value)
    return image


def asked_about(image: Dataset, model: Algorithm = MODEL, request: str = "r1") -> Asked:
    return Asked(
        request=request,
        task="findings",
        text="What are the findings?",
        images=(Identity.of(image, 1),),
        parameters=(("beam", "1"), ("seed", "0")),
        algorithm=model,
    )


def suggestion(text: str, request: str = "r1") -> Sentence:
    return Sentence(new_id(), text, Origin.AI, Decision.SUGGESTED, request=request)


def draft(image: Dataset, *findings: Sentence, **sections: tuple[Sentence, ...]) -> ReportDocument:
    """A draft about the image; `sections` by the name of their kind."""
    said = findings or (
        suggestion("There are round opacities in both lungs.").accepted(),
        suggestion("The heart is large.").edited("The heart is at the upper limit of normal."),
        suggestion("There is a fracture.").rejected(),
        human_sentence("No pleural effusion."),
    )
    written = [Section(SectionKind.FINDINGS, said)]
    for kind in SectionKind:
        if kind.name in sections:
            written.append(Section(kind, sections[kind.name]))
    order = list(SectionKind)
    written.sort(key=lambda one: order.index(one.kind))
    me = Identity.of(image)
    return ReportDocument(
        identity=me, sections=tuple(written), evidence=(me,), asked=(asked_about(image),)
    )


def signed(document: ReportDocument) -> ReportDocument:
    """The document as it is after signing, at a fixed moment."""
    return replace(document, state=ReportState.SIGNED, reader=READER, signed_at=SIGNED_AT)
