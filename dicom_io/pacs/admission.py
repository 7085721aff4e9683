"""What may enter the outbox: reports of the film's own patient and study that are signed or that a
reader released as preliminary, and what needs no signature."""

from __future__ import annotations

from io import BytesIO

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from dicom_io.errors import NotVerified, ReportProblem
from dicom_io.identity import Identity
from dicom_io.pacs.answers import text_of
from dicom_io.report.flags import is_released

# What leaves unsigned: it holds no report, only how images are seen and which are key images.
UNSIGNED = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.11.1",  # Grayscale Softcopy Presentation State
        "1.2.840.10008.5.1.4.1.1.88.59",  # Key Object Selection
    }
)


def as_dataset(report: Dataset | bytes) -> Dataset:
    """The data set, read from its file's bytes where it comes so. Raises ReportProblem."""
    if isinstance(report, Dataset):
        return report
    try:
        return dcmread(BytesIO(report))
    except (InvalidDicomError, ValueError, EOFError) as error:
        raise ReportProblem(
            f"This is no DICOM report and cannot be sent ({error}).",
        ) from error


def checked(dataset: Dataset, identity: Identity) -> Identity:
    """The report's identity, when it is signed, or released, and belongs to the film."""
    own = Identity.of(dataset)
    is_report = text_of(dataset, "SOPClassUID") not in UNSIGNED
    is_verified = text_of(dataset, "VerificationFlag") == "VERIFIED"
    if is_report and not is_verified and not is_released(dataset):
        raise NotVerified(
            "This report is not signed. Unsigned drafts stay on this workstation; sign it first.",
            own.instance,
        )
    if not own.instance or not own.series or not own.study:
        raise ReportProblem("The report lacks the UID of its study, series or object.")
    if not own.same_study(identity):
        raise ReportProblem(
            "The report is of another patient or study than the film that it was signed for. It "
            "was not queued.",
            own.instance,
        )
    return own
