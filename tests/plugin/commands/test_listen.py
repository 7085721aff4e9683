"""`wetread listen`: what comes lies with the studies that are here, and is in the audit."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dicom_io.audit import AuditLog
from dicom_io.pacs.cache import Cache
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.node import Node
from dicom_io.pacs.samples import chest_film
from dicom_io.storage import DataRoot
from tests.commands import Wetread
from tests.servers import accepts, await_true, free_port


def test_what_a_listed_sender_sends_is_here_afterwards(
    child: Callable[..., subprocess.Popen[str]], own_home: Path
) -> None:
    port = free_port()
    process = child(
        "listen", "--port", port, "--from", "CT1@127.0.0.1", "--address", "127.0.0.1", "--spare", 0
    )
    await_true(lambda: accepts(port), "wetread to listen", 60)
    source = DimseSource(Node("here", "WETREAD", "127.0.0.1", port, calling_aet="CT1"))

    (stored,) = source.store([chest_film()])

    assert stored.status == 0
    audit = AuditLog(DataRoot(own_home).audit)
    await_true(lambda: any(one.event == "RECEIVED" for one in audit.entries()), "the audit")
    process.send_signal(signal.SIGINT)
    process.wait(timeout=20)
    with closing(Cache(DataRoot(own_home))) as cache:
        (study,) = cache.studies()
    (received,) = [one for one in audit.entries() if one.event == "RECEIVED"]
    assert received.identity is not None and received.identity.study == study.identity.study
    assert dict(received.details) == {"node": "CT1", "address": "127.0.0.1", "count": "1"}


@pytest.mark.parametrize(
    "words",
    [
        ("--from", "CT1"),
        ("--from", "A title that is too long for an AE@127.0.0.1", "--aet", "x" * 17),
        ("--from", "CT1@127.0.0.1", "--study", "../x"),
        ("--from", "CT1@127.0.0.1", "--largest", "0"),
    ],
)
def test_what_cannot_be_right_is_said_in_one_sentence(
    wetread: Wetread, words: tuple[str, ...]
) -> None:
    ran = wetread("listen", "--port", free_port(), *words)

    assert ran.code in (1, 2)
    assert ran.err.startswith("wetread: ") and "Traceback" not in ran.err
