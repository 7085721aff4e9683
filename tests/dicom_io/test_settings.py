"""Settings are read whole or refused by name, and written without losing a person's comments."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dicom_io import settings as settings_module
from dicom_io.errors import BadNode, FormatTooNew, FormatUnreadable
from dicom_io.hands import KeySettings, MouseSettings, Preset, ViewerSettings
from dicom_io.pacs.node import Node
from dicom_io.settings import ModelSettings, ReaderSettings, Settings, WindowSettings

WRITTEN = """\
# Settings of room 3
version = 1
colour = "blue"

[reader]
name = "Roentgen^Wilhelm"  # signs here
organization = "Würzburg"

[window]
font_size = 16  # for the far monitor
zoom = 2

[nodes.hospital]  # the big one
aet = "PACS"
host = "10.0.0.7"
port = 104
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(WRITTEN, encoding="utf-8")
    return path


def test_without_a_file_the_defaults_hold_and_there_is_no_node(tmp_path: Path) -> None:
    settings = Settings.read(tmp_path / "settings.toml")

    assert settings == Settings()
    assert settings.nodes == ()
    assert not (tmp_path / "settings.toml").exists()


def test_a_file_is_read(file: Path) -> None:
    settings = Settings.read(file)

    assert settings.nodes == (Node("hospital", "PACS", "10.0.0.7", 104),)
    assert settings.reader == ReaderSettings("Roentgen^Wilhelm", "Würzburg")
    assert settings.window == WindowSettings(font_size=16)
    assert settings.model == ModelSettings()


def test_unknown_keys_are_reported_by_name(file: Path) -> None:
    assert Settings.read(file).unknown == ("colour", "window.zoom")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    settings = Settings(
        nodes=(Node("a b", "PACS", "::1", 104, calling_aet="ROOM3"), Node("c", "C", "h", 1)),
        reader=ReaderSettings("A^B", 'An "organisation"'),
        model=ModelSettings("base", threads=4),
        window=WindowSettings(20),
    )

    settings.write(tmp_path / "settings.toml")

    assert Settings.read(tmp_path / "settings.toml") == settings


def test_writing_keeps_comments_and_unknown_keys(file: Path) -> None:
    settings = Settings.read(file)

    replace(settings, window=WindowSettings(18)).write(file)

    assert file.read_text(encoding="utf-8") == WRITTEN.replace("16", "18")


def test_a_node_is_added_and_removed_and_the_others_stay(file: Path) -> None:
    settings = Settings.read(file)
    demo = Node("demo", "WETREAD_DEMO", "127.0.0.1", 11112)

    replace(settings, nodes=(*settings.nodes, demo)).write(file)
    assert Settings.read(file).nodes == (*settings.nodes, demo)

    replace(settings, nodes=(demo,)).write(file)
    assert Settings.read(file).nodes == (demo,)
    assert "signs here" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[window]\nfont_size = 'big'", "window.font_size must be a whole number"),
        ("[window]\nfont_size = true", "window.font_size must be a whole number"),
        ("[reader]\nname = 3", "reader.name must be a text"),
        ("window = 3", "window is not a table"),
        ("nodes = 3", "nodes is not a table"),
        ("[nodes]\nhospital = 3", "nodes.hospital is not a table"),
        ("[nodes.x]\naet = 'A'\nhost = 'h'\nport = '104'", "nodes.x.port must be a whole number"),
        ("[nodes.x]\naet = 'A'\nhost = 'h'\nport = 1\ntimeout = 'long'", "must be a number"),
        ("[model]\ndevice = 'gpu'", "model.device must be one of auto, cpu, cuda, mps, not 'gpu'"),
        ("[model]\nprecision = 'fp8'", "model.precision must be one of"),
        ("[model]\nmemory = -1", "model.memory must be 0 or a number of MiB, not -1"),
        ("[model]\nthreads = 5000", "model.threads must be from 0 to 1024, not 5000"),
        ("[model]\nmemory = 'all'", "model.memory must be a whole number"),
        ("version = 'one'", "version is not a whole number"),
        ("version = 0", "version 0 is not one of ours"),
        ("this is no TOML", "cannot be read"),
    ],
)
def test_a_wrong_value_is_refused_by_name(file: Path, text: str, words: str) -> None:
    file.write_text(text)

    with pytest.raises(FormatUnreadable, match=words):
        Settings.read(file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[nodes.x]\naet = 'A'", "The node x in .* lacks host and port"),
        ("[nodes.x]\naet = 'A'\nhost = 'h'\nport = 70000", "port 70000"),
        ("[nodes.x]\naet = ''\nhost = 'h'\nport = 1", "AE title"),
    ],
)
def test_an_impossible_node_is_refused_by_name(file: Path, text: str, words: str) -> None:
    file.write_text(text)

    with pytest.raises(BadNode, match=words):
        Settings.read(file)


def test_settings_of_a_later_version_are_refused(file: Path) -> None:
    file.write_text("version = 2")

    with pytest.raises(FormatTooNew, match="version 2"):
        Settings.read(file)


def test_older_settings_are_migrated(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def first(content: dict[str, object]) -> dict[str, object]:
        return {"window": {"font_size": content["size"]}}

    monkeypatch.setattr(settings_module, "MIGRATIONS", {0: first})
    file.write_text("version = 0\nsize = 13")

    assert Settings.read(file).window.font_size == 13


def test_a_damaged_file_is_not_overwritten(file: Path) -> None:
    file.write_text("this is no TOML")

    with pytest.raises(FormatUnreadable):
        Settings().write(file)
    assert file.read_text() == "this is no TOML"


def test_a_file_in_another_encoding_is_refused(file: Path) -> None:
    file.write_bytes("[reader]\nname = 'Müller^A'".encode("latin-1"))

    with pytest.raises(FormatUnreadable, match="cannot be read"):
        Settings.read(file)


HANDS = Settings(
    mouse=MouseSettings("weasis", True, (("Shift+left", "zoom"), ("right", "none"))),
    keys=KeySettings("ohif", (("view.fit", ("F", "Ctrl+0")), ("view.reset", ()))),
    viewer=ViewerSettings("minimal", (Preset("Liver", "CT", 60.0, 160.0),)),
)


def test_what_hands_are_used_to_is_written_and_read_again(file: Path) -> None:
    before = Settings.read(file)

    replace(before, mouse=HANDS.mouse, keys=HANDS.keys, viewer=HANDS.viewer).write(file)

    again = Settings.read(file)
    assert (again.mouse, again.keys, again.viewer) == (HANDS.mouse, HANDS.keys, HANDS.viewer)
    assert again.faults == ()
    assert "signs here" in file.read_text(encoding="utf-8")
    replace(again, mouse=MouseSettings(), keys=KeySettings(), viewer=ViewerSettings()).write(file)
    assert Settings.read(file) == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mouse = 3", "mouse is not a table"),
        ("[mouse]\nprofile = 3", "mouse.profile must be a text"),
        ("[mouse]\nreverse_window = 1", "mouse.reverse_window must be true or false"),
        ("[mouse]\nbindings = 'left'", "mouse.bindings must be a table of texts"),
        ("[mouse.bindings]\nleft = 2", "mouse.bindings must be a table of texts"),
        ("[keys.bindings]\n'view.fit' = 'F'", "keys.bindings must be a table of lists"),
        ("[viewer]\ncorners = 'all'", "viewer.corners must be one of full, minimal, none"),
        ("[viewer]\npresets = 'x'", "viewer.presets must be a list of tables"),
        ("[[viewer.presets]]\nname = 'x'", "viewer.presets needs name and modality"),
        (
            "[[viewer.presets]]\nname = 'x'\nmodality = 'CT'\ncenter = 1\nwidth = 0",
            "no width above 0",
        ),
        (
            "[[viewer.presets]]\nname = 'x'\nmodality = 'CT'\ncenter = nan\nwidth = 1",
            "no width above 0",
        ),
    ],
)
def test_a_wrong_habit_is_one_sentence_and_all_else_is_read(
    file: Path, text: str, words: str
) -> None:
    file.write_text(f"{text}\n[reader]\nname = 'A^B'")

    settings = Settings.read(file)

    assert len(settings.faults) == 1
    assert words in settings.faults[0]
    assert settings.reader.name == "A^B"
    assert replace(settings, reader=ReaderSettings(), faults=()) == Settings()
