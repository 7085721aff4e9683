"""What goes with a signed report: its findings as data, and the reader's key images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset

from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation
from dicom_io.image.frame import ImageFrame
from dicom_io.image.measure import dimensions
from dicom_io.report.document import ReportDocument
from dicom_io.report.header import Software
from dicom_io.report.images import is_referable
from dicom_io.report.key_objects import FOR_REPORT, build_key_objects
from dicom_io.report.result.build import build_result
from dicom_io.report.result.groups import Measured

KEY_DESCRIPTION = "Key images chosen by the reader of the signed report. Research use only."
KEY_SERIES = "Key images of the report (research use only)"


@dataclass(frozen=True, slots=True)
class Beside:
    """What the reader left on the study besides words."""

    measured: tuple[Measured, ...] = ()
    key_images: tuple[Identity, ...] = ()  # with their frames

    def images(self) -> frozenset[str]:
        """The instances that it is about, by their UIDs."""
        marked = {one.mark.identity.instance for one in self.measured}
        return frozenset(marked | {one.instance for one in self.key_images})


def beside_of(
    marks: Iterable[Annotation], key_images: Iterable[Identity], frames: Iterable[ImageFrame]
) -> Beside:
    """Lengths, areas and angles of the marks on these frames, and which of them are key images."""
    by_name = {frame.identity: frame for frame in frames if not frame.made_up}
    measured = (
        Measured(mark, dimensions(mark, by_name[mark.identity]))
        for mark in marks
        if mark.identity in by_name
    )
    return Beside(
        tuple(one for one in measured if one.values),
        tuple(image for image in key_images if image in by_name),
    )


def objects_of(
    document: ReportDocument, evidence: Sequence[Dataset], software: Software, beside: Beside
) -> tuple[Dataset, ...]:
    """The objects beside a signed report: findings and measurements (TID 1500) where there are
    any, key images (TID 2010) where any were chosen. Raises what their builders raise."""
    objects: list[Dataset] = []
    result = build_result(document, evidence, software, measured=beside.measured)
    if result is not None:
        objects.append(result)
    named = {str(one.get("SOPInstanceUID") or "") for one in evidence if is_referable(one)}
    own = [
        one
        for one in beside.key_images
        if one.same_study(document.identity) and one.instance in named
    ]
    if own:
        objects.append(
            build_key_objects(
                own,
                evidence,
                software,
                title=FOR_REPORT,
                description=KEY_DESCRIPTION,
                series=KEY_SERIES,
                creator=document.reader.name if document.reader is not None else "",
            )
        )
    return tuple(objects)
