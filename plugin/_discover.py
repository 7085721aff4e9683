"""Finds the plug-ins: the public modules beside this one, then installed entry points."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from ui.host import Plugin

GROUP = "wetread.plugins"


def discover(group: str = GROUP) -> tuple[Plugin, ...]:
    """Every plug-in there is, by name, none of them imported yet.

    Own ones come first, in the order of the alphabet; an installed one with the name of an earlier
    one is left to be named and refused by whoever starts them.
    """
    own = [Plugin(name, _module(f"plugin.{name}")) for name in _public_modules()]
    installed = [
        Plugin(point.name, _entry(point))
        for point in sorted(entry_points(group=group), key=lambda point: point.name)
    ]
    return (*own, *installed)


def imported(plugins: Sequence[Plugin]) -> Sequence[Plugin]:
    """The same; our own are imported, so that starting them is quick. A stranger's is not: what it
    raises is caught where plug-ins are started."""
    for name in _public_modules():
        import_module(f"plugin.{name}")
    return plugins


def _public_modules() -> list[str]:
    """The modules of this package whose name has no leading underscore."""
    folder = str(Path(__file__).parent)
    return sorted(
        module.name
        for module in pkgutil.iter_modules([folder])
        if not module.name.startswith("_") and not module.ispkg
    )


def _module(name: str) -> Callable[[], Any]:
    return partial(import_module, name)


def _entry(point: EntryPoint) -> Callable[[], Any]:
    return point.load
