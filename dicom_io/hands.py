"""What a reader's hands are used to: mouse, keys and windows of their own, in the settings."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

Gestures = tuple[tuple[str, str], ...]  # ("Shift+left", "pan"): only what differs from the profile
Keys = tuple[tuple[str, tuple[str, ...]], ...]  # ("view.fit", ("F",)): only what differs

CORNERS = ("full", "minimal", "none")


@dataclass(frozen=True, slots=True)
class MouseSettings:
    """What each button does. Which gestures and acts there are the window knows."""

    profile: str = "wetread"
    reverse_window: bool = False  # window/level: left widens, down lowers the centre
    bindings: Gestures = ()


@dataclass(frozen=True, slots=True)
class KeySettings:
    """What each key does."""

    profile: str = "wetread"
    bindings: Keys = ()


@dataclass(frozen=True, slots=True)
class Preset:
    """A window that the reader has saved, for images of one modality."""

    name: str
    modality: str
    center: float  # in modality units
    width: float

    def fault(self) -> str:
        """Why it cannot be used, as the end of a sentence; "" when it can."""
        if not self.name.strip():
            return "has no name"
        if not (math.isfinite(self.center) and math.isfinite(self.width) and self.width > 0):
            return "has no width above 0"
        return ""


@dataclass(frozen=True, slots=True)
class ViewerSettings:
    """How the film is shown."""

    corners: str = "full"  # of CORNERS: how much stands in the corners at first
    presets: tuple[Preset, ...] = ()
    memory: int = 0  # MiB that decoded images may take; 0: a quarter of the machine's

    def fault(self) -> str:
        """What is wrong with the values, as the end of a sentence that begins "viewer."; ""."""
        if self.corners not in CORNERS:
            return f"corners must be one of {', '.join(CORNERS)}, not {self.corners[:40]!r}"
        if self.memory < 0:
            return f"memory must be 0 or a number of MiB, not {self.memory}"
        return ""


def read_value(kind: str, value: object) -> object:
    """A value of the file as the field of that type keeps it. Raises ValueError, whose text is the
    end of a sentence that begins with the key's name."""
    if kind == "Gestures":
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            raise ValueError('must be a table of texts, such as "Shift+left" = "pan"')
        return tuple(value.items())
    if kind == "Keys":
        return _keys(value)
    if kind == "tuple[Preset, ...]":
        return _presets(value)
    raise ValueError("is not a setting")


def _keys(value: object) -> Keys:
    words = 'must be a table of lists of keys, such as "view.fit" = ["F"]'
    if not isinstance(value, dict):
        raise ValueError(words)
    found = []
    for name, keys in value.items():
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise ValueError(words)
        found.append((name, tuple(keys)))
    return tuple(found)


def _presets(value: object) -> tuple[Preset, ...]:
    if not isinstance(value, list):
        raise ValueError("must be a list of tables with name, modality, center and width")
    found = []
    for entry in value:
        if not isinstance(entry, dict):
            raise ValueError("must be a list of tables with name, modality, center and width")
        texts = [entry.get(key, "") for key in ("name", "modality")]
        numbers = [entry.get(key) for key in ("center", "width")]
        if not all(isinstance(text, str) for text in texts) or not all(
            isinstance(one, int | float) and not isinstance(one, bool) for one in numbers
        ):
            raise ValueError("needs name and modality as texts, center and width as numbers")
        preset = Preset(texts[0], texts[1], float(numbers[0]), float(numbers[1]))  # type: ignore[arg-type]  # asked just above
        if fault := preset.fault():
            raise ValueError(f"has a window that {fault}")
        found.append(preset)
    return tuple(found)


def plain_value(kind: str, value: object) -> object:
    """The value of a field of that type as TOML can write it."""
    if kind == "tuple[Preset, ...]" and isinstance(value, tuple):
        return [asdict(one) for one in value]
    if kind in ("Gestures", "Keys") and isinstance(value, tuple):
        return {name: list(one) if isinstance(one, tuple) else one for name, one in value}
    return value
