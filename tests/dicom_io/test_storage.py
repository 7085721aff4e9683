"""Our own files: where they lie, how they are written, and how their versions are read."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from dicom_io.errors import DiskFull, FormatTooNew, FormatUnreadable, StorageProblem
from dicom_io.storage import DataRoot, read_versioned, write_safely, write_versioned


def test_the_place_given_comes_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WETREAD_HOME", str(tmp_path / "environment"))

    assert DataRoot.choose(tmp_path / "given").folder == tmp_path / "given"
    assert DataRoot.choose().folder == tmp_path / "environment"
    assert DataRoot.choose("~/x").folder == Path.home() / "x"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the operating system's place")
def test_without_either_it_is_the_platforms_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WETREAD_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    assert DataRoot.choose().folder == tmp_path / "wetread"


@pytest.mark.skipif(sys.platform == "win32", reason="the operating system has no modes")
def test_the_root_is_its_owners_alone_even_if_it_was_not(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    root = DataRoot(tmp_path).create().create()

    for folder in (root.folder, root.cache, root.drafts, root.outbox, root.audit, root.models):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_root_that_cannot_be_made_is_a_known_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StorageProblem, match="--home"):
        DataRoot(tmp_path / "file").create()


def test_writing_replaces_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_safely(path, b"a long old content")

    write_safely(path, b"new")

    assert path.read_bytes() == b"new"
    assert [one.name for one in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize(("number", "kind"), [(28, DiskFull), (122, DiskFull), (5, StorageProblem)])
def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[StorageProblem]
) -> None:
    path = tmp_path / "a"
    write_safely(path, b"old")

    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(kind):
        write_safely(path, b"new")
    monkeypatch.undo()

    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["a"]


def test_a_missing_folder_is_a_known_problem(tmp_path: Path) -> None:
    with pytest.raises(StorageProblem):
        write_safely(tmp_path / "missing" / "a", b"x")


def test_a_versioned_file_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "a.json"

    write_versioned(path, 3, {"name": "山", "list": [1]})

    assert read_versioned(path, "list", 3) == {"version": 3, "name": "山", "list": [1]}


def test_older_versions_are_migrated_step_by_step(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_versioned(path, 1, {"one": 1})

    def second(content: dict[str, Any]) -> dict[str, Any]:
        return {"two": content["one"] + 1}

    def third(content: dict[str, Any]) -> dict[str, Any]:
        return {"three": content["two"] + 1}

    found = read_versioned(path, "list", 3, {1: second, 2: third})

    assert found == {"version": 3, "three": 3}
    assert json.loads(path.read_text()) == {"version": 1, "one": 1}  # reading changes no file


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "3", "{}", '{"version": "1"}', '{"version": null}', "\udcff"]
)
def test_what_is_not_ours_is_refused_by_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))

    with pytest.raises(FormatUnreadable, match=r"a\.json") as caught:
        read_versioned(path, "list", 1)
    assert caught.value.path == path


def test_an_absent_file_is_a_known_problem(tmp_path: Path) -> None:
    with pytest.raises(FormatUnreadable):
        read_versioned(tmp_path / "a.json", "list", 1)


def test_a_version_without_a_way_is_refused(tmp_path: Path) -> None:
    write_versioned(tmp_path / "a.json", 1, {})

    with pytest.raises(FormatUnreadable, match="version 1"):
        read_versioned(tmp_path / "a.json", "list", 2)


def test_a_later_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    write_versioned(tmp_path / "a.json", 9, {})

    with pytest.raises(FormatTooNew, match="Update Wetread"):
        read_versioned(tmp_path / "a.json", "list", 2)
