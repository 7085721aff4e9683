"""The windows that a reader can choose: the file's own, those of the modality, the reader's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dicom_io.hands import Preset
from dicom_io.image.render import Window
from ui.language import figure, later, tr

BY_HAND = later("by hand")
FINEST_LINEAR = 5.0  # width; LINEAR ends at 1
FIRST_KEYS = 9  # windows that have a digit of their own


@dataclass(frozen=True)
class Offer:
    """A window with the word that says where it comes from."""

    name: str
    window: Window
    index: int = -1  # its place among the frame's own windows; -1 for a preset or a drag
    is_hung: bool = False  # came with a hanging protocol: nothing that the reader chose


# (name, centre, width) in Hounsfield units, as the Stone viewer ships them. For CT alone: the
# values of other modalities have no fixed meaning.
CT_PRESETS = (
    (later("CT lung"), -400.0, 1600.0),
    (later("CT abdomen"), 60.0, 400.0),
    (later("CT bone"), 300.0, 1500.0),
    (later("CT brain"), 40.0, 80.0),
    (later("CT chest"), 40.0, 400.0),
    (later("CT angio"), 300.0, 600.0),
)


def offers(
    windows: Sequence[Window], modality: str, presets: Sequence[Preset] = ()
) -> tuple[Offer, ...]:
    """Everything to choose from, for one frame; the digits 1 to 9 choose in this order.

    `presets` are the reader's own; those of another modality are not offered.
    """
    own = [Offer(source_of(window), window, index) for index, window in enumerate(windows)]
    if modality == "CT":
        own += [
            Offer(name, Window(center, width, explanation=name))
            for name, center, width in CT_PRESETS
        ]
    own += [
        Offer(preset.name, Window(preset.center, preset.width, function, explanation=preset.name))
        for preset in presets
        if preset.modality == modality
        for function in ("LINEAR" if preset.width >= 1 else "LINEAR_EXACT",)
    ]
    return tuple(own)


def numbers_of(window: Window) -> str:
    """Centre and width: "C 40 · W 400"."""
    center, width = as_text(window.center, window.width), as_text(window.width, window.width)
    return tr("C {center} · W {width}", center=center, width=width)


def source_of(window: Window) -> str:
    """Where one of the frame's own windows comes from, in a word or two."""
    if window.automatic:
        return window.explanation.lower() or tr("automatic")
    name = window.explanation.strip()
    return tr("file: {name}", name=name) if name else tr("file")


def set_by_hand(window: Window, center: float, width: float) -> Window:
    """The window with other numbers; a look-up table becomes the straight line it spans.

    An automatic window becomes LINEAR too, so that centre and width alone repeat the picture;
    one finer than LINEAR can be (values between 0 and 1) stays exact.
    """
    linear = window.lut is not None or (window.automatic and window.width >= FINEST_LINEAR)
    function = "LINEAR" if linear else window.function
    least = 1.0 if function == "LINEAR" else 1e-6
    return replace(
        window,
        center=rounded(center, width),
        width=max(least, rounded(width, width)),
        function=function,
        lut=None,
        explanation="",
        automatic=False,
    )


def rounded(value: float, width: float) -> float:
    """The value to the digits that are shown, so that what is read is what is applied."""
    return round(value, digits(width))


def digits(width: float) -> int:
    """Decimals that matter for a window of this width."""
    for limit, places in ((50.0, 0), (5.0, 1), (0.5, 2), (0.05, 3)):
        if width >= limit:
            return places
    return 5


def as_text(value: float, width: float) -> str:
    """A window's number as the overlay writes it."""
    text = f"{value:.{digits(width)}f}"
    return figure(text.rstrip("0").rstrip(".") if "." in text else text)


class Choice:
    """Which window a series is seen through.

    Unless the reader chose otherwise each frame has its own first window. A preset and a window
    set by hand hold for the whole series, and so does an automatic one, or the picture would
    flicker while scrolling.
    """

    def __init__(self) -> None:
        self._fixed: Offer | None = None
        self._index = 0
        self._automatic: dict[int, Window] = {}

    @property
    def is_by_hand(self) -> bool:
        return self._fixed is not None and self._fixed.name == BY_HAND

    def take(self, offer: Offer) -> None:
        """From now on this one."""
        self._fixed = None if offer.index >= 0 else offer
        self._index = max(0, offer.index)

    def reset(self) -> None:
        """Back to each frame's own first window."""
        self._fixed, self._index = None, 0

    def for_frame(self, windows: Sequence[Window]) -> Offer:
        """The window of a frame that offers these (one at least)."""
        if self._fixed is not None:
            return self._fixed
        index = min(self._index, len(windows) - 1)
        window = windows[index]
        if window.automatic:
            window = self._automatic.setdefault(index, window)
        return Offer(source_of(window), window, index)
