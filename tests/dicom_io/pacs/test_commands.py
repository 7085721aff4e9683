"""Our own command sets against pynetdicom's, and the head of a file against pydicom's."""

from __future__ import annotations

from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom.dsutils import decode, encode

from dicom_io.pacs.commands import (
    C_GET_RSP,
    C_STORE_RQ,
    file_head,
    get_request,
    read_command,
    store_response,
)

GET = "1.2.840.10008.5.1.4.1.2.2.3"


def command_of(**values: object) -> bytes:
    """A command set as pynetdicom writes it."""
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    encoded = encode(dataset, True, True)
    assert encoded is not None
    return encoded


def test_a_request_is_what_pynetdicom_reads() -> None:
    read = decode(BytesIO(get_request(GET, 7)), True, True)

    assert read.AffectedSOPClassUID == GET
    assert (read.CommandField, read.MessageID, read.Priority) == (0x0010, 7, 0)
    assert read.CommandDataSetType != 0x0101
    body = get_request(GET, 7)[12:]
    assert read.CommandGroupLength == len(body)


def test_a_store_request_is_read_and_answered() -> None:
    request = read_command(
        command_of(
            AffectedSOPClassUID=CTImageStorage,
            CommandField=C_STORE_RQ,
            MessageID=9,
            Priority=0,
            CommandDataSetType=0,
            AffectedSOPInstanceUID="1.2.345",
            MoveOriginatorApplicationEntityTitle="X",
        )
    )
    answer = decode(BytesIO(store_response(request, 0xA700)), True, True)

    assert (request.field, request.message, request.has_data) == (C_STORE_RQ, 9, True)
    assert (request.sop_class, request.instance) == (CTImageStorage, "1.2.345")
    assert (answer.CommandField, answer.MessageIDBeingRespondedTo) == (0x8001, 9)
    assert (answer.Status, answer.AffectedSOPInstanceUID) == (0xA700, "1.2.345")
    assert answer.CommandDataSetType == 0x0101


def test_the_last_answer_tells_status_and_failures() -> None:
    answer = read_command(
        command_of(
            CommandField=C_GET_RSP,
            CommandDataSetType=0x0101,
            Status=0xB000,
            NumberOfFailedSuboperations=3,
            ErrorComment="some failed",
        )
    )

    assert (answer.status, answer.failed, answer.comment) == (0xB000, 3, "some failed")
    assert not answer.has_data


@pytest.mark.parametrize(
    "encoded",
    [b"\0\0\0\1", b"\1\0\0\0" + bytes(4), b"\0\0\0\1\xff\xff\0\0ab", bytes(7)],
)
def test_what_is_no_command_is_an_error(encoded: bytes) -> None:
    with pytest.raises(ValueError):
        read_command(encoded)


@pytest.mark.parametrize("uid", ["1.2.3", "1.2.34"])
def test_a_file_with_our_head_is_read_by_pydicom(uid: str) -> None:
    dataset = Dataset()
    dataset.PatientID = "K1"
    content = encode(dataset, False, True)
    assert content is not None

    read = dcmread(BytesIO(file_head(CTImageStorage, uid, ExplicitVRLittleEndian) + content))

    assert read.PatientID == "K1"
    assert read.file_meta.MediaStorageSOPInstanceUID == uid
    assert read.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert read.file_meta.FileMetaInformationVersion == b"\0\1"
