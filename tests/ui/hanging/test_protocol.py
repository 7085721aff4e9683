"""Protocols as files: read, written, and refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicom_io.errors import FormatTooNew, FormatUnreadable
from ui.hanging.hanging import BUILT_IN
from ui.hanging.protocol import Place, Protocol, When, read_folder, read_protocol, write_protocol

GOOD = """
version = 1
name = "CT head"
rows = 1
columns = 2
link = true
[when]
modality = ["CT"]
region = ["HEAD"]
series = [1, 0]
[[place]]
window = [40, 80]
[[place]]
study = "prior"
again = true
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "layout.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_says_layout_conditions_and_places(tmp_path: Path) -> None:
    protocol = read_protocol(written(tmp_path, GOOD), is_own=True)

    assert protocol == Protocol(
        name="CT head",
        rows=1,
        columns=2,
        link=True,
        when=When(("CT",), ("HEAD",), (1, 0)),
        places=(Place(window=(40, 80)), Place(study="prior", again=True)),
        is_own=True,
    )


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    protocol = read_protocol(written(tmp_path, GOOD))

    write_protocol(tmp_path / "again.toml", protocol)

    assert read_protocol(tmp_path / "again.toml") == protocol


def test_all_that_are_built_in_can_be_read_and_their_names_differ() -> None:
    protocols, wrong = read_folder(BUILT_IN)

    assert wrong == ()
    assert len({one.name for one in protocols}) == len(protocols) >= 6


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rows = ", "Invalid"),
        ("version = 1\nrows = 4\n[[place]]", "4 x 1 is not offered"),
        ("version = 1\nrows = '2'\n[[place]]", "rows has the wrong kind"),
        ("version = 1\nlink = 1\n[[place]]", "link has the wrong kind"),
        ("version = 1\ncolour = 'red'\n[[place]]", "colour is not known"),
        ("version = 1\n[[place]]\nplane = 'oblique'", "plane must be one of"),
        ("version = 1\n[[place]]\nwindow = [40]", "window takes two numbers"),
        ("version = 1\n[[place]]\nwindow = [40, 0]", "a width above 0"),
        ("version = 1\n[[place]]\nwindow = [true, 1]", "window in place 1 has the wrong kind"),
        ("version = 1\n[[place]]\nwords = 'brain'", "words in place 1 has the wrong kind"),
        ("version = 1\n[[place]]\nhue = 1", "hue in place 1 is not known"),
        ("version = 1\n[[place]]\n[[place]]", "more places than panes"),
        ("version = 1", "it has no place"),
        ("version = 1\nplace = 3", "place is not a list"),
        ("version = 1\nwhen = 3\n[[place]]", "when is not a table"),
        ("version = 1\n[when]\nseries = [1]\n[[place]]", "series takes two numbers"),
        ("version = 0\n[[place]]", "version is not one of ours"),
        ("\udcff", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence_that_names_it(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "layout.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))

    with pytest.raises(FormatUnreadable) as caught:
        read_protocol(path)

    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert str(caught.value).endswith("Correct the file or move it away.")


def test_a_file_of_a_later_version_says_what_to_update(tmp_path: Path) -> None:
    with pytest.raises(FormatTooNew, match="Update Wetread"):
        read_protocol(written(tmp_path, "version = 2\nspiral = true"))


def test_a_wrong_file_does_not_hide_the_others(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    (tmp_path / "bad.toml").write_text("rows = ")

    good, bad = read_folder(tmp_path)

    assert [one.name for one in good] == ["CT head"]
    assert len(bad) == 1


def test_a_folder_that_is_not_there_holds_none(tmp_path: Path) -> None:
    assert read_folder(tmp_path / "none") == ((), ())


def test_the_page_on_panes_lists_all_that_are_built_in_and_its_example_can_be_read(
    root: Path, tmp_path: Path
) -> None:
    page = (root / "docs" / "panes.md").read_text(encoding="utf-8")
    protocols, _ = read_folder(BUILT_IN)

    assert all(f"| {one.name} | {one.rows} x {one.columns}" in page for one in protocols)
    example = page.split("```toml")[1].split("```")[0]
    assert read_protocol(written(tmp_path, example)).places[0].needed
