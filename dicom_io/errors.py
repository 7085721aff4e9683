"""The known problems of DICOM work, as one tree.

    DicomProblem
    ├── FileProblem            a file on disk; carries `path`
    │   ├── NotDicom           it is no DICOM file (nor a picture we read)
    │   ├── NoPixels           it is DICOM but holds no image
    │   ├── DamagedFile        it ends early or contradicts itself
    │   ├── UnknownTransferSyntax
    │   ├── TemplateUnreadable it is no report template, or broken
    │   └── UnsafeImage        its declared size is beyond what we allocate
    ├── NodeProblem            a PACS node; carries `node`
    │   ├── NodeUnreachable    nothing listens, or the network is down
    │   ├── NodeRefused        it answered, and said no
    │   │   └── ClassRefused   it takes none of the classes that were offered
    │   ├── NodeTimedOut       it accepted and then kept silent
    │   ├── OperationFailed    a status that means failure; carries `status`
    │   └── BadNode            the text given is no node
    ├── NoVolume               these images cannot be cut along other planes
    ├── NothingFound           a search, study or series without the thing asked for
    ├── BadMacro               a macro that cannot be expanded, or a file of them that is damaged
    ├── NoSpelling             no library or dictionary to check spelling with
    ├── ReportProblem          a report that must not be built or sent; carries `uid`
    │   ├── UnusableText       text that cannot be written without loss
    │   ├── InvalidReport      it breaks a rule of the checklist; carries `findings`
    │   ├── NotVerified        it is not signed, and unsigned reports do not leave
    │   └── UndecidedSentences sentences are left that nobody accepted or rejected
    ├── SigningProblem         the credential is wrong or missing
    ├── SecretProblem          the system's keyring does not keep or give a secret
    ├── StorageProblem         our own files; carries `path`
    │   ├── DiskFull
    │   ├── FormatTooNew       written by a later Wetread
    │   └── FormatUnreadable   damaged, or not ours
    ├── ExportRefused          an export that must not be made as it was asked for
    └── Cancelled              the person stopped it; nothing is wrong

`str(problem)` is one sentence or two for the person at the screen: what happened, to what, and
what to do next.
"""

from __future__ import annotations

from pathlib import Path


class DicomProblem(Exception):
    """The root: a known problem, told in one sentence. Anything else is a bug."""


class FileProblem(DicomProblem):
    """Something is wrong with one file."""

    def __init__(self, message: str, path: Path | str) -> None:
        super().__init__(message)
        self.path = Path(path)


class NotDicom(FileProblem):
    """The file is neither DICOM nor a picture that we read."""


class NoPixels(FileProblem):
    """The object holds no image."""


class DamagedFile(FileProblem):
    """The file ends early or its parts contradict one another."""


class UnknownTransferSyntax(FileProblem):
    """No decoder here reads this transfer syntax."""


class TemplateUnreadable(FileProblem):
    """The file is no report template that can be read."""


class UnsafeImage(FileProblem):
    """The declared size is beyond the limits of what we allocate."""


class NodeProblem(DicomProblem):
    """Something is wrong with one node of the network; `node` is its name for a person."""

    def __init__(self, message: str, node: str) -> None:
        super().__init__(message)
        self.node = node


class NodeUnreachable(NodeProblem):
    """No connection could be made."""


class NodeRefused(NodeProblem):
    """The node rejected the association or a presentation context."""


class ClassRefused(NodeRefused):
    """The node accepted the connection, and none of the kinds of objects or services offered."""


class NodeTimedOut(NodeProblem):
    """The node accepted the connection and did not answer in time."""


class OperationFailed(NodeProblem):
    """The node answered with a status that means failure (DICOM PS3.7 annex C)."""

    def __init__(self, message: str, node: str, status: int) -> None:
        super().__init__(message, node)
        self.status = status


class BadNode(NodeProblem):
    """The text is neither a configured name nor AET@HOST:PORT."""


class NoVolume(DicomProblem):
    """The images are no evenly spaced, parallel, untilted block of grey values, or too large."""


class NothingFound(DicomProblem):
    """The study, series or image asked for does not exist there."""


class BadMacro(DicomProblem):
    """A macro, or a file of macros, says something that cannot be used."""


class NoSpelling(DicomProblem):
    """The system has no library or no dictionary to check spelling with."""


class ReportProblem(DicomProblem):
    """A report cannot be built, signed or sent; `uid` is its SOP Instance UID where it has one."""

    def __init__(self, message: str, uid: str = "") -> None:
        super().__init__(message)
        self.uid = uid


class UnusableText(ReportProblem):
    """A text that DICOM cannot hold without loss."""


class InvalidReport(ReportProblem):
    """The document breaks rules of the checklist; `findings` has a sentence for each."""

    def __init__(self, message: str, uid: str, findings: tuple[str, ...]) -> None:
        super().__init__(message, uid)
        self.findings = findings


class NotVerified(ReportProblem):
    """The document carries no verification, and unsigned drafts stay on this workstation."""


class UndecidedSentences(ReportProblem):
    """Suggested sentences are left that nobody accepted, edited or rejected."""


class SigningProblem(DicomProblem):
    """The reader or the credential is not right."""


class SecretProblem(DicomProblem):
    """The system's keyring does not keep or give the secret of a node, or a key of ours."""

    def __init__(self, message: str, *, no_keyring: bool = False) -> None:
        super().__init__(message)
        self.no_keyring = no_keyring  # it is not locked: there is none


class StorageProblem(DicomProblem):
    """Something is wrong with a file or folder of our own."""

    def __init__(self, message: str, path: Path | str) -> None:
        super().__init__(message)
        self.path = Path(path)


class DiskFull(StorageProblem):
    """The disk has no room for what must be written."""


class FormatTooNew(StorageProblem):
    """A later Wetread wrote this file."""


class FormatUnreadable(StorageProblem):
    """The file is damaged, or is not one of ours."""


class ExportRefused(DicomProblem):
    """The export cannot or must not be made; the sentence says what would help."""


class Cancelled(DicomProblem):
    """The person stopped the work."""
