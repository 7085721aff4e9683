"""The menu of a pane: the windows of its frame, each with its numbers, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMenu

from ui.actions import Action, spoken
from ui.language import tr
from ui.viewport.pane import Pane
from ui.viewport.presets import FIRST_KEYS, Offer, numbers_of

GROUPS = ("Window", "Tools", "View")


def pane_menu(pane: Pane, actions: Sequence[Action]) -> QMenu:
    """The menu, not yet open; it ends itself when it is closed."""
    menu = QMenu(pane)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    keys = {action.name: spoken((action.shortcut,)) for action in actions if action.shortcut}
    for number, offer in enumerate(pane.window_offers(), start=1):
        key = keys.get(f"window.{number}", "") if number <= FIRST_KEYS else ""
        entry = menu.addAction(_line(entry_text(offer), key))
        if entry is not None:
            entry.triggered.connect(lambda _, offer=offer: pane.choose_window(offer))
    for group in GROUPS:
        inner: QMenu | None = None
        for action in actions:
            numbered = action.name.startswith("window.") and action.name[7:].isdigit()
            if action.group != group or numbered:
                continue
            if inner is None:
                menu.addSeparator()
                inner = (menu if group == "Window" else menu.addMenu(tr(group))) or menu
            entry = inner.addAction(_line(action.text, keys.get(action.name, "")))
            if entry is not None:
                entry.setEnabled(action.enabled is None or action.enabled())
                entry.triggered.connect(lambda _, action=action: action.run())
    return menu


def entry_text(offer: Offer) -> str:
    """A window by name, and both of its numbers by name: they have been mixed up before."""
    return tr("{name} · {numbers}", name=tr(offer.name), numbers=numbers_of(offer.window))


def _line(text: str, key: str) -> str:
    text = text.replace("&", "&&").replace("\t", " ")
    return f"{text}\t{key}" if key else text
