"""STOW-RS: storing files, and what the server's answer says of each of them.

Source: DICOM PS3.18 section 10.5.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

from pydicom.dataset import Dataset

from dicom_io.errors import OperationFailed
from dicom_io.pacs import status
from dicom_io.pacs.answers import text_of
from dicom_io.pacs.http import PIECE, Web
from dicom_io.pacs.sending import Parcel, parcel_of
from dicom_io.source import Stored

_WARNING = 0xB000
_ANSWERED = (400, 409)  # nothing or not all was stored; the answer says why


def store(web: Web, path: Path) -> Stored:
    """Send one file as it is. Raises NodeProblem when there is no connection, or it breaks."""
    parcel = parcel_of(path)
    if parcel.problem:
        return Stored(path, parcel.uid, status.CANNOT_UNDERSTAND, parcel.problem)
    boundary = uuid.uuid4().hex
    headers = {
        "Accept": "application/dicom+json",
        "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
    }
    try:
        body = _body(path, boundary)
        with web.request("POST", "/studies", headers, body, allowed=_ANSWERED) as response:
            answer = web.decoded(response)
    except OperationFailed as failure:
        code = failure.status if failure.status in _ANSWERED else status.CANNOT_UNDERSTAND
        return Stored(path, parcel.uid, code, f"{web.node} did not store it: {failure}")
    except OSError as error:
        reason = f"{path.name} cannot be sent: {error.strerror or error}."
        return Stored(path, parcel.uid, status.CANNOT_UNDERSTAND, reason)
    return outcome(web, parcel, answer)


def outcome(web: Web, parcel: Parcel, answer: object) -> Stored:
    """What a STOW-RS answer says of one object: stored only where it is named as stored."""
    told = Dataset.from_json(answer) if isinstance(answer, dict) else Dataset()
    for item in told.get("ReferencedSOPSequence") or ():
        if text_of(item, "ReferencedSOPInstanceUID") == parcel.uid:
            reason = _number(item, "WarningReason")
            if reason is None:
                return Stored(parcel.path, parcel.uid, status.SUCCESS)
            said = f"{web.node} warns: {status.meaning(reason)}."
            return Stored(parcel.path, parcel.uid, _WARNING, said)
    for item in told.get("FailedSOPSequence") or ():
        reason = _number(item, "FailureReason")
        code = status.CANNOT_UNDERSTAND if reason is None else reason
        said = f"{web.node} did not store it: {status.meaning(code)}."
        return Stored(parcel.path, parcel.uid, code, said)
    said = f"{web.node} answered without a word of the object; take it as not stored."
    return Stored(parcel.path, parcel.uid, status.CANNOT_UNDERSTAND, said)


def _number(item: Dataset, keyword: str) -> int | None:
    value = item.get(keyword)
    return value if isinstance(value, int) else None


def _body(path: Path, boundary: str) -> Iterator[bytes]:
    yield f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    with open(path, "rb") as file:
        while piece := file.read(PIECE):
            yield piece
    yield f"\r\n--{boundary}--\r\n".encode()
