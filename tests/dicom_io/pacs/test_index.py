"""An index that was damaged behind our back is told in one sentence and left as it is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dicom_io.errors import FormatUnreadable
from dicom_io.identity import Identity
from dicom_io.pacs.index import VERSION, Index
from dicom_io.study import Study

STUDY = Study(Identity("P", "", "1.2.3"), "Doe^Jane")


def test_damaged_pages_are_told_when_they_are_read_or_written(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    with closing(Index(path)) as index:
        index.put_study(STUDY)
    body = path.read_bytes()
    path.write_bytes(body[:4096] + b"\xff" * (len(body) - 4096))

    with closing(Index(path)) as index:
        with pytest.raises(FormatUnreadable, match="is damaged"):
            index.studies()
        with pytest.raises(FormatUnreadable, match="is damaged"):
            index.put_study(STUDY)


def test_a_database_with_other_tables_is_no_index(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
        other.execute(f"PRAGMA user_version = {VERSION}")
        other.commit()

    with closing(Index(path)) as index, pytest.raises(FormatUnreadable, match="Move it away"):
        index.instances("1.2.3")
