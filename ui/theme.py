"""How the window looks: every colour, size and distance, and the one style sheet.

Three ideas: the film is the brightest thing on the screen; one line of sight; colour means
something (blue: where you are, amber: AI or unverified, green: proven, red: needs you) and never
stands alone. Widgets say what they are, by object name or the property "role"; how that looks is
written here.

There are three themes. `wear` puts one on: it gives the colours below other values, so read them as
`theme.TEXT` when something is painted, never once at the start of a file or as a default argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template

from PyQt6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PyQt6.QtWidgets import QApplication

GROUND = "#0b0d10"  # window
PANEL = "#13161b"  # side panels
RAISED = "#191d23"  # fields and the current row
LINE = "#252a32"  # hairlines
FILM = "#000000"  # behind the film
TEXT = "#d7dbe1"
QUIET = "#8b939f"  # secondary text
FAINT = "#5d6571"  # marks that need not be read; never a text that must be
PLACE = "#6fb1c9"  # where you are
MARK = "#a8d8ea"  # what a reader drew on the film: the colour of place, bright enough to see there
AI = "#d3a24c"  # AI, or unverified
PROVEN = "#63b48b"
ALARM = "#d57272"  # needs you
BUTTON = "#23404d"  # the one main button: the colour of place, kept back
BUTTON_HOVER = "#2c4f5f"
FILM_TEXT = "#d7dbe1"  # overlay, on a shade of black
FILM_PLACE = (
    "#6fb1c9"  # the colours of place, AI and alarm over a film, which is black in any theme
)
FILM_AI = "#d3a24c"
FILM_ALARM = "#d57272"
FILM_LINE = "#3a414c"  # between panes, which stand on black in any theme
SHADE = "#b0000000"  # behind overlay texts that stand on the film (alpha first)

DARK = "dark"  # the theme whose values stand above
THEMES: Mapping[str, Mapping[str, str]] = {
    DARK: {name: value for name, value in globals().items() if str(value).startswith("#")},
    "high contrast": {  # whatever must be read stands out 7 to 1
        "GROUND": "#000000",
        "PANEL": "#000000",
        "RAISED": "#161616",
        "LINE": "#8c8c8c",
        "TEXT": "#ffffff",
        "QUIET": "#dcdcdc",
        "FAINT": "#a8a8a8",
        "PLACE": "#8adcff",
        "MARK": "#d2f3ff",
        "AI": "#ffcb5c",
        "PROVEN": "#a0f5c8",
        "ALARM": "#ff8a8a",
        "BUTTON": "#0a3f57",
        "BUTTON_HOVER": "#0f5373",
        "FILM_TEXT": "#ffffff",
        "FILM_PLACE": "#8adcff",
        "FILM_AI": "#ffcb5c",
        "FILM_ALARM": "#ff8a8a",
        "FILM_LINE": "#8c8c8c",
        "SHADE": "#e0000000",
    },
    "light room": {  # for a lit room: panels as bright as paper in shade; films stay on black
        "GROUND": "#cfd4da",
        "PANEL": "#dde1e6",
        "RAISED": "#f1f3f5",
        "LINE": "#a9b1bb",
        "TEXT": "#14181d",
        "QUIET": "#434b55",
        "FAINT": "#7b838e",
        "PLACE": "#0c5472",
        "AI": "#785000",
        "PROVEN": "#15573a",
        "ALARM": "#7a0c0c",
        "BUTTON": "#a9cede",
        "BUTTON_HOVER": "#97c2d5",
    },
}

SPACES = (4, 8, 12, 16, 24)
CORNER = 6
CORNER_SMALL = 4
TOP_HEIGHT = 44
BOTTOM_HEIGHT = 30
BANNER_HEIGHT = 38
LEFT_WIDTH = 272
RIGHT_WIDTH = 480
PANE = (160, 120)  # least size
THUMBNAIL = 116  # of a series
SHELF_HEIGHT = THUMBNAIL + 3 * SPACES[4]  # least, of the place where the thumbnails stand
FONT_SIZE = 14  # px, the default; a person may set 12 to 20
FONT_SIZES = range(12, 21)
CHEVRON_UP = Path(__file__).resolve().parent / "chevron_up.xpm"  # of a field for numbers
CHEVRON = Path(__file__).resolve().parent / "chevron.xpm"  # beside a list to choose from

_SHEET = """
* { font-family: $family; font-size: ${body}px; color: $TEXT; }
QMainWindow, QDialog, QWidget#window { background: $GROUND; }
QWidget[role="panel"], QWidget#panel { background: $PANEL; }
QWidget[role="film"] { background: $FILM; }
QLabel { background: transparent; }
QLabel[small="true"], QStatusBar, QStatusBar QLabel { font-size: ${small}px; }
QFrame[role="line"] { background: $LINE; border: none; max-height: 1px; min-height: 1px; }
QFrame[role="line"][upright="true"] {
    max-width: 1px; min-width: 1px; max-height: 16777215px; min-height: 0px;
}
QWidget[role="row"] { background: transparent; border-left: 2px solid transparent; }
QWidget[role="row"]:hover { background: $RAISED; }
QWidget[role="row"][current="true"] { background: $RAISED; border-left: 2px solid $PLACE; }
QLabel[role="badge"] {
    border: 1px solid $LINE; border-radius: ${corner}px; padding: 2px 8px;
    font-size: ${small}px; color: $QUIET;
}
QLabel[role="badge"][state="ai"] { color: $AI; border-color: $AI; }
QLabel[role="badge"][state="proven"] { color: $PROVEN; border-color: $PROVEN; }
QLabel[role="badge"][state="alarm"] { color: $ALARM; border-color: $ALARM; }
QLabel[role="key"] {
    border: 1px solid $LINE; border-radius: 4px; padding: 0px 4px;
    font-size: ${small}px; color: $QUIET; background: $RAISED;
}

QLineEdit, QPlainTextEdit, QTextEdit, QComboBox, QSpinBox, QDoubleSpinBox {
    background: $RAISED; border: 1px solid $LINE; border-radius: ${corner}px;
    padding: 4px 8px; selection-background-color: $BUTTON; selection-color: $TEXT;
    placeholder-text-color: $QUIET;
}
QLineEdit { min-height: ${line}px; }
QPlainTextEdit[role="line-field"] { background: transparent; border-color: transparent; }
QPlainTextEdit[role="line-field"]:hover { border-color: $LINE; }
QPlainTextEdit[role="line-field"]:focus { background: $RAISED; border-color: $PLACE; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QComboBox:focus, QSpinBox:focus,
QDoubleSpinBox:focus {
    border-color: $PLACE;
}
QComboBox::drop-down { border: none; width: 20px; }
QComboBox::down-arrow {
    image: url("$chevron"); width: 9px; height: 5px; margin-right: 8px;
}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {
    subcontrol-origin: padding; width: 20px; border: none; background: transparent;
}
QAbstractSpinBox::up-button { subcontrol-position: top right; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: $LINE; }
QAbstractSpinBox::up-arrow { image: url("$chevron_up"); width: 9px; height: 5px; }
QAbstractSpinBox::down-arrow { image: url("$chevron"); width: 9px; height: 5px; }
QComboBox QAbstractItemView { background: $RAISED; border: 1px solid $LINE; }

QPushButton, QToolButton {
    background: $RAISED; border: 1px solid $LINE; border-radius: ${corner}px;
    padding: 4px 12px; color: $TEXT;
}
QPushButton:hover, QToolButton:hover { border-color: $QUIET; }
QPushButton:focus, QToolButton:focus { border-color: $PLACE; }
QPushButton:disabled, QToolButton:disabled { color: $FAINT; border-color: $LINE; }
QPushButton[role="main"] {
    background: $BUTTON; border-color: $BUTTON; font-size: ${main}px; font-weight: 600;
    padding: 8px 16px;
}
QPushButton[role="main"]:hover { background: $BUTTON_HOVER; }
QPushButton[role="main"]:focus { border-color: $PLACE; }
QPushButton[role="main"]:disabled { background: $RAISED; border-color: $LINE; }
QPushButton[role="plain"] {
    background: transparent; border-color: transparent; color: $QUIET; padding: 4px 0px;
}
QPushButton[role="plain"]:hover { color: $TEXT; }
QPushButton[role="plain"]:focus { border-color: $PLACE; }

QToolBar { background: $PANEL; border: none; spacing: 4px; padding: 0px; }
QToolBar QToolButton {
    background: transparent; border: none; border-bottom: 2px solid transparent;
    border-radius: 0px; padding: 4px 8px; color: $QUIET;
}
QToolBar QToolButton:hover { color: $TEXT; }
QToolBar QToolButton:checked { color: $TEXT; border-bottom: 2px solid $PLACE; }
QToolBar QToolButton:focus { color: $TEXT; background: $RAISED; border-bottom: 2px solid $QUIET; }
QToolBar QToolButton:disabled { color: $FAINT; border-color: transparent; }
QToolBar::separator { background: transparent; width: 16px; }
QToolBar QToolButton#qt_toolbar_ext_button {
    qproperty-text: "…"; qproperty-toolButtonStyle: ToolButtonTextOnly; padding: 8px 0px 0px 0px;
}
QToolBar QToolButton#brand { color: $TEXT; font-weight: 600; padding: 4px 12px; }
QToolBar QToolButton#brand, QToolBar QToolButton#brand:open,
QToolBar QToolButton#brand:pressed { border-bottom: 2px solid transparent; }
QToolBar QToolButton#brand:focus { border-bottom: 2px solid $PLACE; }
QToolBar QToolButton#brand::menu-indicator { image: none; width: 0px; }
QMenuBar { background: $PANEL; }
QMenuBar::item { background: transparent; padding: 4px 8px; color: $QUIET; }
QMenuBar::item:selected { background: $RAISED; color: $TEXT; }
QMenu { background: $RAISED; border: 1px solid $LINE; padding: 4px 0px; }
QMenu::item { padding: 4px 24px; }
QMenu::right-arrow { margin-right: 8px; }
QMenu::item:selected { background: $BUTTON; }
QMenu::item:disabled { color: $FAINT; }
QMenu::separator { height: 1px; background: $LINE; margin: 4px 0px; }
QToolTip {
    background: $RAISED; color: $TEXT; border: 1px solid $LINE; padding: 4px 8px;
    font-size: ${small}px;
}

QListView, QTreeView, QTableView, QScrollArea {
    background: $PANEL; border: none; outline: none;
}
QScrollArea > QWidget > QWidget { background: $PANEL; }
QListView::item { padding: 8px; border-left: 2px solid transparent; }
QListView::item:hover { background: $RAISED; }
QListView::item:selected { background: $RAISED; border-left: 2px solid $PLACE; color: $TEXT; }
QHeaderView::section { background: $PANEL; color: $QUIET; border: none; padding: 4px; }
QScrollBar { background: transparent; border: none; margin: 0px; }
QScrollBar:vertical { width: 8px; }
QScrollBar:horizontal { height: 8px; }
QScrollBar::handle { background: $LINE; border-radius: 4px; min-height: 24px; min-width: 24px; }
QScrollBar::handle:hover { background: $FAINT; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0px; height: 0px; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSplitter::handle { background: $LINE; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QProgressBar {
    background: $LINE; border: none; max-height: 3px; min-height: 3px; border-radius: 1px;
}
QProgressBar::chunk { background: $PLACE; border-radius: 1px; }
QProgressBar[role="ai"]::chunk { background: $AI; }
QStatusBar { background: $PANEL; border-top: 1px solid $LINE; color: $QUIET; }
QStatusBar::item { border: none; }
QCheckBox, QRadioButton { background: transparent; spacing: 8px; }
QCheckBox::indicator, QRadioButton::indicator {
    width: 12px; height: 12px; border: 1px solid $QUIET; background: $RAISED;
}
QCheckBox::indicator { border-radius: 3px; }
QRadioButton::indicator { border-radius: 7px; }
QCheckBox::indicator:checked, QRadioButton::indicator:checked {
    border: 1px solid $PLACE; background: $PLACE;
}
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { border-color: $LINE; }
QCheckBox:focus, QRadioButton:focus { color: $PLACE; text-decoration: underline; }
QTabBar::tab:focus { color: $PLACE; }
QSlider::handle:focus { background: $PLACE; }
QListView, QTreeView, QTableView { border: 1px solid transparent; }
QListView:focus, QTreeView:focus, QTableView:focus { border: 1px solid $PLACE; }

QToolButton#outbox-badge {
    background: transparent; border: none; padding: 0px 4px; color: $ALARM; font-size: ${small}px;
}
QToolButton#outbox-badge:hover { text-decoration: underline; }
QToolButton#outbox-badge::menu-indicator { image: none; width: 0px; }
QLabel#crop { background: $FILM; border-radius: ${corner_small}px; }
QWidget#grid { background: $FILM_LINE; }
QWidget#banner { background: $GROUND; border-bottom: 1px solid $LINE; }
QToolButton#thumbnail {
    background: $FILM; color: $FILM_TEXT; border: 1px solid $LINE;
    border-radius: ${corner_small}px; padding: 0px;
}
QToolButton#thumbnail:hover { border-color: $QUIET; }
QToolButton#thumbnail:checked { border-color: $PLACE; }
QToolButton#thumbnail:focus { border: 2px solid $PLACE; }

QLabel[role="text"] { color: $TEXT; }
QLabel[role="quiet"] { color: $QUIET; }
QLabel[role="faint"] { color: $FAINT; }
QLabel[role="place"] { color: $PLACE; }
QLabel[role="ai"] { color: $AI; }
QLabel[role="proven"] { color: $PROVEN; }
QLabel[role="alarm"] { color: $ALARM; }
QLabel[role="strong"] { color: $TEXT; font-weight: 600; }
QLabel[role="heading"] { color: $QUIET; font-weight: 600; }
QLabel[role="rejected"] { color: $QUIET; text-decoration: line-through; }
"""


_worn = {"theme": DARK, "font_size": str(FONT_SIZE)}


def wear(theme: str = DARK, font_size: int = FONT_SIZE) -> None:
    """Give every colour its value in that theme, and words their size; what is unknown is dark."""
    name = theme if theme in THEMES else DARK
    globals().update({**THEMES[DARK], **THEMES[name]})
    _worn.update(theme=name, font_size=str(clamped(font_size)))


def worn() -> tuple[str, int]:
    """The theme in use, and the size of body text in pixels."""
    return _worn["theme"], int(_worn["font_size"])


def dress(app: QApplication, theme: str = DARK, font_size: int = FONT_SIZE) -> None:
    """Wear a theme, and have every widget that is there look so at once."""
    wear(theme, font_size)
    app.setPalette(palette())
    app.setStyleSheet(style_sheet(font_size))


def of_role(role: str) -> str:
    """The colour of what a text means: quiet, ai, proven, alarm or place."""
    names = {"ai": "AI", "proven": "PROVEN", "alarm": "ALARM", "place": "PLACE"}
    return str(globals()[names.get(role, "QUIET")])


def clamped(font_size: int) -> int:
    """The nearest size that is offered."""
    return min(max(font_size, FONT_SIZES.start), FONT_SIZES.stop - 1)


def family() -> str:
    """Inter where it is installed, else the system's own sans serif."""
    if "Inter" in QFontDatabase.families():
        return "Inter"
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()


def scaled(length: int) -> int:
    """A width for words of the size in use; it grows by half as much as they do, or the panels
    would leave no room for the film."""
    return round(length * (1 + int(_worn["font_size"]) / FONT_SIZE) / 2)


def small(font_size: int) -> int:
    """The size of overlay and secondary text, in pixels, beside body text of `font_size`."""
    return max(11, round(font_size * 12 / 14))


def overlay_font(font_size: int = FONT_SIZE) -> QFont:
    """The font of the overlay; its figures all have one width where the font offers that."""
    font = QFont(family())
    font.setPixelSize(small(font_size))
    tabular = QFont.Tag.fromString("tnum") if hasattr(QFont, "Tag") else None
    if tabular is not None:
        font.setFeature(tabular, 1)
    return font


def style_sheet(font_size: int = FONT_SIZE) -> str:
    """The whole style sheet for body text of `font_size` pixels (12 to 20)."""
    size = clamped(font_size)
    colours = {name: globals()[name] for name in THEMES[DARK]}
    sheet = Template(_SHEET).substitute(
        colours,
        family=f'"{family()}"',
        body=size,
        small=small(size),
        main=max(12, size - 1),
        line=round(size * 20 / 14),
        corner=CORNER,
        corner_small=CORNER_SMALL,
        chevron=CHEVRON.as_posix(),
        chevron_up=CHEVRON_UP.as_posix(),
    )
    return sheet


def palette() -> QPalette:
    """The same colours for what a style sheet does not reach (dialogs, item views, links)."""
    look = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, GROUND),
        (roles.WindowText, TEXT),
        (roles.Base, RAISED),
        (roles.AlternateBase, PANEL),
        (roles.Text, TEXT),
        (roles.PlaceholderText, QUIET),
        (roles.Button, RAISED),
        (roles.ButtonText, TEXT),
        (roles.ToolTipBase, RAISED),
        (roles.ToolTipText, TEXT),
        (roles.Highlight, BUTTON),
        (roles.HighlightedText, TEXT),
        (roles.Link, PLACE),
        (roles.BrightText, TEXT),
    ):
        look.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        look.setColor(QPalette.ColorGroup.Disabled, role, QColor(FAINT))
    return look


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21 (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        parts = QColor(colour).getRgbF()[:3]
        linear = [
            (part or 0.0) / 12.92
            if (part or 0.0) <= 0.04045
            else (((part or 0.0) + 0.055) / 1.055) ** 2.4
            for part in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
