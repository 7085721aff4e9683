"""Nothing that names a patient reaches the log."""

from __future__ import annotations

import logging
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ui.log import redact, set_up, take_down

CANARY = "ZZCANARY^Jan"
UID = "1.2.826.0.1.3680043.8.498.1234"


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "log" / "wetread.log"
    root = logging.getLogger()
    level = root.level
    handler = set_up(file)
    yield file
    take_down(handler)
    root.setLevel(level)


def test_names_uids_and_numbers_are_taken_out(written: Path) -> None:
    logging.getLogger("ui.test").warning("%s with ID %s in study %s", CANARY, "90417715", UID)

    text = written.read_text(encoding="utf-8")
    assert "ui.test" in text
    for secret in ("ZZCANARY", "90417715", UID):
        assert secret not in text


def test_tracebacks_are_redacted_too(written: Path) -> None:
    try:
        raise ValueError(f"no slice for {CANARY} in {UID}")
    except ValueError:
        logging.getLogger("ui.test").exception("Drawing failed.")

    text = written.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "ZZCANARY" not in text
    assert UID not in text


def test_a_uid_keeps_one_mark_within_a_run() -> None:
    assert redact(UID) == redact(UID)
    assert redact(UID) != redact(UID + "5")
    assert redact("version 2.13.0 in 0.25 s") == "version 2.13.0 in 0.25 s"


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are of POSIX systems")
def test_only_the_owner_can_read_the_log(written: Path) -> None:
    logging.getLogger("ui.test").warning("started")

    assert stat.S_IMODE(written.stat().st_mode) == 0o600
