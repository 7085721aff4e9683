"""What waits is sealed on the disk; its key is never beside it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from dicom_io import sealing
from dicom_io.errors import FormatUnreadable, SecretProblem
from dicom_io.identity import Identity
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.node import Node
from dicom_io.pacs.outbox import Outbox, State
from dicom_io.report import sr
from dicom_io.report.document import human_sentence
from dicom_io.report.header import Software
from tests import reports
from tests.dicom_io.pacs.test_secrets import with_keyring

NODE = Node("hospital", "PACS", "127.0.0.1", 104)


@pytest.fixture
def report() -> Dataset:
    film = reports.film(PatientName="ZZCANARY^Anna")
    document = reports.signed(reports.draft(film, human_sentence("The heart is not enlarged.")))
    return sr.build(document, [film], Software.installed())


@pytest.fixture
def passphrase(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(sealing.PASSPHRASE, "a passphrase of the test")
    return "a passphrase of the test"


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.usefixtures("passphrase")
def test_a_sealed_report_is_read_and_stored_and_stands_nowhere_in_clear(
    archive: Archive, report: Dataset, tmp_path: Path
) -> None:
    outbox = Outbox(tmp_path / "outbox")

    item = outbox.put(report, Identity.of(report), archive.node)

    assert {path.name for path in files(tmp_path / "outbox")} == {
        "item.json", "report.dcm", "key.id"
    }  # fmt: skip
    for path in files(tmp_path / "outbox"):
        assert b"ZZCANARY" not in path.read_bytes()
    *_, last = Outbox(tmp_path / "outbox").deliver(item, DimseSource(archive.node))
    assert last.state is State.VERIFIED
    assert dcmread(BytesIO(last.content())) == report


def test_another_passphrase_opens_nothing_and_destroys_nothing(
    report: Dataset, passphrase: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = Outbox(tmp_path / "outbox")
    item = outbox.put(report, Identity.of(report), NODE)

    monkeypatch.setenv(sealing.PASSPHRASE, "another one")
    with pytest.raises(FormatUnreadable, match="another passphrase"):
        outbox.items()
    monkeypatch.delenv(sealing.PASSPHRASE)
    with pytest.raises(SecretProblem, match=f"Set {sealing.PASSPHRASE}"):
        outbox.items()

    monkeypatch.setenv(sealing.PASSPHRASE, passphrase)
    assert outbox.items() == (item,)


@pytest.mark.usefixtures("passphrase")
@pytest.mark.parametrize("place", [0, 20, 40, -1])
def test_a_changed_byte_is_found_out(place: int, tmp_path: Path) -> None:
    content = bytearray(sealing.sealed(b"The heart is not enlarged.", tmp_path))
    content[place] ^= 1
    path = tmp_path / "report.dcm"

    if place == 0:  # no longer a sealed file: bytes as they are, which no reader takes
        assert sealing.unsealed(bytes(content), path) == bytes(content)
        return
    with pytest.raises(FormatUnreadable):
        sealing.unsealed(bytes(content), path)


def test_without_keyring_and_passphrase_nothing_is_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(sealing.PASSPHRASE, raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")

    words = sealing.sealed(b"words", tmp_path)

    assert (words, list(tmp_path.glob("key.id"))) == (b"words", [])


@pytest.mark.usefixtures("passphrase")
def test_what_was_put_in_before_there_was_a_key_is_read_still(
    report: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = Outbox(tmp_path / "outbox")
    with monkeypatch.context() as before:
        before.delenv(sealing.PASSPHRASE)
        item = outbox.put(report, Identity.of(report), NODE)

    assert outbox.items() == (item,)
    assert dcmread(BytesIO(item.content())) == report


IN_A_KEYRING = """
import sys
from pathlib import Path
from dicom_io.sealing import read_unsealed, sealed
folder, path = Path(sys.argv[1]), Path(sys.argv[1]) / "words"
if not path.exists():
    path.write_bytes(sealed(b"The heart is not enlarged.", folder))
print(read_unsealed(path).decode())
"""


def test_the_key_lies_in_the_keyring_and_comes_back_in_another_process(
    tmp_path: Path, root: Path
) -> None:
    folder = tmp_path / "outbox"
    folder.mkdir()
    words = ("env", f"PYTHONPATH={root}", sys.executable, "-c", IN_A_KEYRING, str(folder))

    first = with_keyring(tmp_path / "home", *words)
    again = with_keyring(tmp_path / "home", *words)
    without = subprocess.run(
        words, capture_output=True, text=True, timeout=60, env=os.environ | {"HOME": "/nowhere"}
    )

    assert (first.stdout, again.stdout) == ("The heart is not enlarged.\n",) * 2, first.stderr
    assert b"heart" not in (folder / "words").read_bytes()
    assert (folder / "key.id").read_text(encoding="ascii").startswith("keyring ")
    assert "key is not in this system's keyring" in without.stderr


FOREVER = """
import sys
from pathlib import Path
from pydicom import dcmread
from dicom_io.identity import Identity
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.node import parse_node
from dicom_io.pacs.outbox import Outbox
folder, report, address = sys.argv[1:]
node, outbox, dataset = parse_node(address), Outbox(Path(folder)), dcmread(report)
print("ready", flush=True)
item = outbox.put(dataset, Identity.of(dataset), node)
print("queued", flush=True)
for after in outbox.deliver(item, DimseSource(node)):
    print(after.state, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the operating system has no SIGKILL")
@pytest.mark.usefixtures("passphrase")
def test_kills_at_random_moments_lose_and_double_nothing(
    archive: Archive, report: Dataset, tmp_path: Path, root: Path
) -> None:
    report.save_as(tmp_path / "report.dcm", enforce_file_format=True)
    folder, chance = tmp_path / "outbox", random.Random(8)
    arguments = [str(folder), str(tmp_path / "report.dcm"), archive.node.address]
    said: list[str] = []

    for _ in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", FOREVER, *arguments],
            cwd=root,
            stdout=subprocess.PIPE,
            text=True,
        ) as child:
            assert child.stdout is not None and child.stdout.readline() == "ready\n"
            try:
                child.wait(timeout=chance.uniform(0, 0.4))
            except subprocess.TimeoutExpired:
                os.kill(child.pid, signal.SIGKILL)
            said += child.stdout.read().split()
        items = Outbox(folder).items()
        assert len(items) <= 1
        assert items or "queued" not in said  # what was said to be safe is there
        assert "verified" not in said or items[0].is_stored

    outbox = Outbox(folder)
    *_, last = outbox.deliver(
        outbox.put(report, Identity.of(report), archive.node), DimseSource(archive.node)
    )
    assert last.is_stored and len(outbox.items()) == 1
    (series,) = DimseSource(archive.node).series(last.identity.study)
    assert series.instance_count == 1
    assert not [path for path in files(folder) if b"ZZCANARY" in path.read_bytes()]
