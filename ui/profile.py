"""Profiles: buttons and keys as readers know them from elsewhere, as data in `ui/profiles`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "profiles"
DEFAULT = "wetread"
ORDER = (DEFAULT, "ohif", "weasis", "left-scroll")


@dataclass(frozen=True)
class Profile:
    """One way to hold the mouse and the keyboard."""

    name: str  # as the settings write it
    title: str
    at_rest: str  # the tool that the left hand goes back to
    mouse: Mapping[str, str]  # gesture: act; what is not named does nothing
    keys: Mapping[str, tuple[str, ...]]  # action: keys; the others keep their own


@cache
def profiles() -> tuple[Profile, ...]:
    """All profiles, ours first."""
    found = []
    for name in ORDER:
        content = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
        keys = {action: tuple(keys) for action, keys in content.get("keys", {}).items()}
        found.append(Profile(name, content["title"], content["at_rest"], content["mouse"], keys))
    return tuple(found)


def profile_of(name: str) -> Profile | None:
    """The profile of that name; None when there is none."""
    return next((one for one in profiles() if one.name == name), None)
