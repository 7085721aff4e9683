"""Plug-ins: one file is found by its entry point, and one that raises is named and left out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from plugin._discover import discover
from tests.plugin.desk import KEY, Desk
from tests.ui.hands import CTRL, SHIFT

FOREIGN = '''"""Counts the letters of the report."""

from ui.host import Action, Host


def start(host: Host) -> list[Action]:
    def count() -> None:
        report = host.report()
        words = sum(len(s.text.split()) for s in report.sentences()) if report else 0
        host.say(f"The report has {words} words.")

    return [Action("words.count", "Count words", "Ctrl+Shift+K", count, group="Report")]
'''


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for installed packages, on the path for this test alone."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if name.startswith("wetread_"):
            del sys.modules[name]


def install(site: Path, name: str, source: str) -> None:
    """What an installer leaves of a distribution of one file: the module, and its metadata."""
    (site / f"wetread_{name}.py").write_text(source, "utf-8")
    metadata = site / f"wetread_{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: wetread-{name}\nVersion: 1.0\n", "utf-8"
    )
    (metadata / "entry_points.txt").write_text(
        f"[wetread.plugins]\n{name} = wetread_{name}\n", "utf-8"
    )


@pytest.fixture
def open_desk(qtbot: QtBot, own_home: Path) -> Iterator[list[Desk]]:
    """Desks opened by a test; each is closed again."""
    desks: list[Desk] = []
    yield desks
    for desk in desks:
        desk.close()


def test_own_plug_ins_come_first_and_those_of_others_follow(site: Path) -> None:
    install(site, "words", FOREIGN)

    names = [plugin.name for plugin in discover()]

    assert names == ["answer", "card", "check", "draft", "models", "words"]


def test_an_installed_plug_in_of_one_file_is_used(
    site: Path, qtbot: QtBot, own_home: Path, open_desk: list[Desk]
) -> None:
    install(site, "words", FOREIGN)
    desk = Desk(qtbot, own_home, [])
    open_desk.append(desk)

    desk.key(KEY.Key_K, CTRL | SHIFT)

    assert desk.window.report.said() == "The report has 0 words."
    assert "Count words" in [action.text for action in desk.window.table.actions()]


@pytest.mark.parametrize(
    "source",
    [
        "def start(host):\n    raise RuntimeError('no luck')\n",
        "raise RuntimeError('no luck')\n",
        "import surely_not_installed\n",
        "start = 5\n",
        "def start(host):\n    return ['no action']\n",
        "def start(:\n",
    ],
    ids=["start raises", "import raises", "import fails", "no function", "no action", "no Python"],
)
def test_a_plug_in_that_fails_is_named_and_left_out(
    source: str, site: Path, qtbot: QtBot, own_home: Path, open_desk: list[Desk]
) -> None:
    install(site, "faulty", source)
    install(site, "words", FOREIGN)

    desk = Desk(qtbot, own_home, [])
    open_desk.append(desk)

    assert "“faulty”" in desk.window.status.text("plugins")
    names = [action.name for action in desk.window.table.actions()]
    assert "words.count" in names
    assert "draft.start" in names


def test_of_two_plug_ins_of_one_name_the_second_is_left_out(
    site: Path, qtbot: QtBot, own_home: Path, open_desk: list[Desk]
) -> None:
    install(site, "draft", FOREIGN)

    desk = Desk(qtbot, own_home, [])
    open_desk.append(desk)

    assert "“draft”" in desk.window.status.text("plugins")
    assert "words.count" not in [action.name for action in desk.window.table.actions()]
