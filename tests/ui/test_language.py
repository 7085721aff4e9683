"""Every text that a reader sees can be translated, and the German of each is there."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from pydicom.dataset import Dataset
from PyQt6.QtCore import QCoreApplication, QLocale
from PyQt6.QtWidgets import QApplication

from ui import language
from ui.language import FOLDER, figure, later, tr
from ui.toolbar import MENUS
from ui.viewport.mark_words import number
from ui.viewport.presets import as_text
from ui.wording import spoken_date, title_of

GATHER = "run `python docs/make_translations.py`, translate what is new, and run it with `compile`"
PLACEHOLDER = re.compile(r"\{\w*\}")

# Calls whose argument a reader sees, and which argument it is.
SHOWN = {
    "setText": 0, "setToolTip": 0, "setWindowTitle": 0, "setPlaceholderText": 0,
    "setAccessibleName": 0, "setAccessibleDescription": 0, "setStatusTip": 0, "setTitle": 0,
    "setSuffix": 0, "setSpecialValueText": 0, "setLabelText": 0, "say": 0, "show_problem": 0,
    "addMenu": 0, "addTab": 1, "addRow": 0, "addItem": 0, "show_state": 1, "label_box": 0,
    "QLabel": 0, "QPushButton": 0, "QCheckBox": 0, "QRadioButton": 0, "QGroupBox": 0, "Action": 1,
    "show_panel": 1,
}  # fmt: skip
# What is the same in every language, or is no language at all.
SAME = {"", "Wetread", " MiB", " %", "–", " · C-GET"}


@pytest.fixture(scope="module")
def script(root: Path) -> ModuleType:
    """docs/make_translations.py, which gathers the texts."""
    place = root / "docs" / "make_translations.py"
    spec = importlib.util.spec_from_file_location("make_translations", place)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def german(script: ModuleType) -> dict[str, str]:
    """What the .ts file says of each text."""
    told: dict[str, str] = script.translations(FOLDER / "wetread_de.ts")
    return told


@pytest.fixture
def speaking(qapp: QApplication) -> Iterator[None]:
    """The window's language, given back as it was."""
    locale = QLocale()
    yield
    language.use("en")
    QLocale.setDefault(locale)


@cache
def files(root: Path) -> dict[str, ast.Module]:
    """The files of the window, but not those of the command line."""
    found = sorted([*(root / "ui").rglob("*.py"), *(root / "plugin").glob("*.py")])
    return {str(one.relative_to(root)): ast.parse(one.read_text("utf-8")) for one in found}


def test_every_text_has_finished_german(script: ModuleType, german: dict[str, str]) -> None:
    wanted = set(script.sources())

    assert wanted - set(german) == set(), GATHER
    assert set(german) - wanted == set(), f"no longer said anywhere; {GATHER}"
    assert [text for text in german if not german[text]] == [], "not translated yet"


def test_german_has_the_same_placeholders_and_the_same_edges(german: dict[str, str]) -> None:
    for text, told in ((text, told) for text, told in german.items() if told):
        assert sorted(PLACEHOLDER.findall(told)) == sorted(PLACEHOLDER.findall(text)), text
        assert told[:1].isspace() == text[:1].isspace(), text
        assert told.endswith(".") == text.endswith("."), text
        assert told.count("&") == text.count("&"), text
        assert "!" not in told


@pytest.mark.usefixtures("speaking")
def test_the_compiled_file_says_what_the_written_one_says(german: dict[str, str]) -> None:
    language.use("de")

    for text, told in ((text, told) for text, told in german.items() if told):
        assert tr(text) == told, f"the .qm is old; {GATHER}"


@pytest.mark.usefixtures("speaking")
def test_the_window_speaks_german_with_values_in_their_places() -> None:
    assert language.use("de") == "de"

    assert tr("Window/level") == "Fensterung"
    assert tr("Image {number} of {count}", number=3, count=20) == "Bild 3 von 20"
    assert tr(later("Impression")) == "Beurteilung"
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Abbrechen"  # Qt's own
    assert spoken_date("19400301") == "01.03.1940"


@pytest.mark.parametrize(
    ("locale", "written"),
    [("en_US", "3/1/1940"), ("en_GB", "01/03/1940"), ("de_DE", "01.03.1940"), ("C", "1940-03-01")],
)
@pytest.mark.usefixtures("speaking")
def test_years_have_four_digits_in_every_locale(locale: str, written: str) -> None:
    QLocale.setDefault(QLocale(locale))

    assert spoken_date("19400301") == written
    assert spoken_date("1940") == "–"


@pytest.mark.usefixtures("speaking")
def test_english_comes_back() -> None:
    language.use("de")

    assert language.use("en") == "en"
    assert tr("Window/level") == "Window/level"


def test_a_language_that_is_not_there_is_english() -> None:
    assert language.language_of("tlh") == "en"
    assert language.language_of("de") == "de"
    assert language.language_of("auto") in language.LANGUAGES


def test_tr_gets_a_literal_or_what_was_marked_for_it(root: Path) -> None:
    """A sum, an f-string or a format would never be found by a translator."""
    wrong = [
        f"{file}:{node.lineno}"
        for file, tree in files(root).items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("tr", "later")
        and isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
    ]

    assert wrong == []


def test_no_text_that_a_reader_sees_goes_past_tr(root: Path) -> None:
    wrong = [
        f"{file}:{line}: {text!r}"
        for file, tree in files(root).items()
        for line, text in untranslated(tree)
    ]

    assert wrong == []


def test_the_sweep_finds_what_goes_past_tr() -> None:
    seen = ast.parse(
        'a.setText(f"{n} images")\nb.say("Done." if n else tr("No"))\nAction("x", "Go")'
    )
    fine = ast.parse('a.setText(tr("{n} images", n=n))\nb.say("")\nAction("x", tr("Go"))')

    assert [text for _, text in untranslated(seen)] == [" images", "Done.", "Go"]
    assert list(untranslated(fine)) == []


def test_every_menu_that_an_action_names_is_known_to_translators(root: Path) -> None:
    named = {
        keyword.value.value
        for file, tree in files(root).items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "group"
        and isinstance(keyword.value, ast.Constant)
        and isinstance(keyword.value.value, str)
    }

    assert named - {*MENUS, ""} == set()


def untranslated(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of each literal that is shown as it is."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        place = SHOWN.get(name)
        if place is None or len(node.args) <= place:
            continue
        for text in spoken(node.args[place]):
            if text not in SAME and re.search(r"[A-Za-z]{2}", text):
                yield node.lineno, text


def spoken(node: ast.AST) -> Iterator[str]:
    """The literals of an expression that are not given to a call."""
    if isinstance(node, ast.Call):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, ast.IfExp):
        yield from spoken(node.body)
        yield from spoken(node.orelse)
        return
    if isinstance(node, ast.FormattedValue | ast.Compare | ast.Subscript):
        return
    for child in ast.iter_child_nodes(node):
        yield from spoken(child)


@pytest.mark.usefixtures("speaking")
def test_numbers_have_the_comma_of_a_reader_whose_locale_has_one() -> None:
    QLocale.setDefault(QLocale("de_DE"))
    assert (figure("12.5"), number(0.25, 0.01), as_text(0.5, 1)) == ("12,5", "0,250", "0,5")
    QLocale.setDefault(QLocale("en_US"))
    assert figure("12.5") == "12.5"


@pytest.mark.usefixtures("speaking")
def test_what_a_report_is_about_is_named_in_the_readers_language() -> None:
    film = Dataset()
    film.BodyPartExamined, film.Modality = "CHEST", "CR"
    assert title_of(film) == "Chest radiograph"
    language.use("de")
    assert title_of(film) == "Röntgenaufnahme Thorax"
    film.BodyPartExamined = "CLAVICLE"  # as the file writes it
    assert title_of(film) == "Röntgenaufnahme Clavicle"
