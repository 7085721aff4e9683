"""The AI result beside a signed report: a Comprehensive 3D SR after TID 1500, built and checked.

Source: DICOM PS3.3 A.35.13, C.17; PS3.16 TID 1500; IHE AIR.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID

from dicom_io.errors import NotVerified
from dicom_io.report import codes, envelope, header, observers, tree
from dicom_io.report.document import Algorithm, Reader, ReportDocument, ReportState
from dicom_io.report.envelope import Material
from dicom_io.report.header import Software, put, zoned
from dicom_io.report.notices import RESEARCH_NOTICE, RESEARCH_TITLE
from dicom_io.report.result import groups
from dicom_io.report.result.check import require
from dicom_io.report.result.groups import Measured
from dicom_io.report.text import fitting

COMPREHENSIVE_3D = UID("1.2.840.10008.5.1.4.1.1.88.34")
SERIES_NUMBER = 902
SERIES_DESCRIPTION = f"Findings and measurements – {RESEARCH_TITLE}"


def build_result(
    document: ReportDocument,
    evidence: Sequence[Dataset],
    software: Software,
    *,
    measured: Sequence[Measured] = (),
    now: datetime | None = None,
) -> Dataset | None:
    """What the reader let stand of a model's findings, and measured, as data; None for nothing.

    It holds what the signed report holds: rejected sentences are in no object, and of edited ones
    the reader's words alone. Verified like the report, by the same reader. `evidence` as for the
    report. Raises NotVerified for an unsigned document, what `sr.build` raises, and InvalidReport
    when the result breaks a rule of the checklist.
    """
    reader = document.reader
    if document.state is not ReportState.SIGNED or reader is None:
        raise NotVerified("Findings are written as data once the report is signed.")
    document = replace(document, predecessor="", preliminary="")  # those were the report
    material = envelope.gather(document, evidence, software, zoned(now))
    made = _groups(material, reader, measured)
    if not made:
        return None
    result = Dataset()
    put(result, "SpecificCharacterSet", "ISO_IR 192")
    header.copy_identity(material.source, result)
    _put_series(result)
    header.put_dates(material.source, result, material.moment)
    names = [observers.full_name(model) for model in material.models]
    institution = software.institution or reader.organization
    header.put_equipment(result, software, institution, names)
    envelope.put_state(result, material)
    envelope.put_references(result, material)
    envelope.put_authors(result, material, _settings(material))
    _put_scheme(result)
    _put_tree(result, material, made)
    result.file_meta = header.file_meta(COMPREHENSIVE_3D, result.SOPInstanceUID, software)
    require(result, evidence)
    return result


def _groups(material: Material, reader: Reader, measured: Sequence[Measured]) -> list[Dataset]:
    document, images = material.document, groups.images_by_uid(material.images)
    made = [
        groups.of_sentence(document, sentence, number, images)
        for number, sentence in enumerate(groups.sentences_of(document), 1)
    ]
    for number, one in enumerate(measured, 1):
        group = groups.of_measurement(one, number, reader, images)
        if group is not None:
            made.append(group)
    return made


def _put_series(result: Dataset) -> None:
    put(result, "SOPClassUID", COMPREHENSIVE_3D)
    put(result, "SOPInstanceUID", header.new_uid())
    put(result, "Modality", "SR")
    put(result, "SeriesInstanceUID", header.new_uid())
    put(result, "SeriesNumber", SERIES_NUMBER)
    put(result, "SeriesDescription", fitting(SERIES_DESCRIPTION, 64))
    put(result, "InstanceNumber", 1)
    put(result, "ReferencedPerformedProcedureStepSequence", DicomSequence())


def _settings(material: Material) -> dict[Algorithm, str]:
    """What each device contributed, in words."""
    return dict.fromkeys(material.models, "Findings that the reader accepted or edited.")


def _put_scheme(result: Dataset) -> None:
    """Our own coding scheme, declared (PS3.3 C.12.1.1.6)."""
    scheme = Dataset()
    put(scheme, "CodingSchemeDesignator", codes.PRIVATE_SCHEME)
    put(scheme, "CodingSchemeUID", codes.PRIVATE_SCHEME_UID)
    put(scheme, "CodingSchemeName", "Wetread private codes")
    put(scheme, "CodingSchemeResponsibleOrganization", "Wetread")
    put(result, "CodingSchemeIdentificationSequence", DicomSequence([scheme]))


def _put_tree(result: Dataset, material: Material, made: list[Dataset]) -> None:
    put(result, "ValueType", "CONTAINER")
    put(result, "ConceptNameCodeSequence", DicomSequence([codes.MEASUREMENT_REPORT.item()]))
    put(result, "ContinuityOfContent", "SEPARATE")
    template = Dataset()
    put(template, "MappingResource", "DCMR")
    put(template, "TemplateIdentifier", "1500")
    put(result, "ContentTemplateSequence", DicomSequence([template]))
    modifier = tree.HAS_CONCEPT_MODIFIER
    procedures = envelope.procedures(material.source) or [
        tree.code_item(modifier, codes.PROCEDURE_REPORTED, codes.IMAGING_PROCEDURE.item())
    ]
    content = [
        envelope.language(material.document.language),
        *envelope.observation_context(material),
        *procedures,
        tree.text_item(tree.CONTAINS, codes.COMMENT, RESEARCH_NOTICE),
        tree.container(codes.MEASUREMENTS, made),
    ]
    put(result, "ContentSequence", DicomSequence(content))
