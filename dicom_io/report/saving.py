"""What a reader left on a study, as the objects that an archive keeps: states and key images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydicom.dataset import Dataset

from dicom_io.errors import ReportProblem
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.kept import Kept
from dicom_io.image.modality import modality_of
from dicom_io.image.presentation import Presentation
from dicom_io.image.render import is_inverse
from dicom_io.image.window import Window, file_windows, windows_of
from dicom_io.report.header import Software
from dicom_io.report.key_objects import build_key_objects
from dicom_io.report.presentation_state import build_presentation, rescale_of

_Rescale = tuple[float, float, str] | None


@dataclass(frozen=True)
class Saving:
    """What is to be saved of one study.

    `frames` are those of the study; `shown` what is on the screen now, with the window of each
    (None for colour); `texts` what stands beside a mark, by its id.
    """

    kept: Kept
    frames: Sequence[ImageFrame]
    software: Software
    shown: Mapping[Identity, Window | None] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    creator: str = ""
    description: str = ""
    moment: datetime | None = None


def states_of(saving: Saving) -> tuple[Dataset, ...]:
    """A presentation state for each series that was changed, marked or is shown.

    Each says a window for all of its images. Where the reader chose none it is the image's own
    first; an image that has none in its header is named only if it is marked or shown, since its
    window must be computed from its pixels. Raises ReportProblem, and FileProblem from decoding.
    """
    views = {view.images[0].series: view for view in saving.kept.views if view.images}
    marked = {mark.identity for mark in saving.kept.annotations}
    wanted = {one.series for one in (*marked, *saving.shown)} | views.keys()
    _require(saving, marked)
    by_series: dict[str, list[ImageFrame]] = {}
    for frame in saving.frames:
        if frame.identity.series in wanted:
            by_series.setdefault(frame.identity.series, []).append(frame)
    states = []
    for series, frames in by_series.items():
        view = views.get(series) or Presentation(())
        for alike in _alike(frames, view):
            parts = _parts(saving, alike, view, marked)
            if parts:
                headers = list({id(f.header): f.header for f in alike}.values())
                states.append(
                    build_presentation(
                        parts, headers, saving.software, texts=saving.texts, now=saving.moment
                    )
                )
    return tuple(states)


def key_objects_of(saving: Saving) -> Dataset | None:
    """The key images as a document; None without any. Raises ReportProblem."""
    if not saving.kept.key_images:
        return None
    headers = list({id(f.header): f.header for f in saving.frames}.values())
    return build_key_objects(
        saving.kept.key_images,
        headers,
        saving.software,
        creator=saving.creator,
        now=saving.moment,
    )


def _require(saving: Saving, marked: set[Identity]) -> None:
    known = {frame.identity for frame in saving.frames}
    if not marked <= known:
        raise ReportProblem(
            "An image with a mark is not here yet, so the marks were not sent. They are kept on "
            "this workstation; save again once the whole study is loaded."
        )


def _alike(frames: Sequence[ImageFrame], view: Presentation) -> list[list[ImageFrame]]:
    """The frames that one object can hold: of one kind of colour and one inversion."""
    groups: dict[tuple[bool, str], list[ImageFrame]] = {}
    for frame in frames:
        groups.setdefault((frame.is_colour, _shape(frame, view)), []).append(frame)
    return list(groups.values())


def _shape(frame: ImageFrame, view: Presentation) -> str:
    if frame.is_colour:
        return ""
    return view.shape or ("INVERSE" if is_inverse(frame) else "IDENTITY")


def _parts(
    saving: Saving, frames: Sequence[ImageFrame], view: Presentation, marked: set[Identity]
) -> list[Presentation]:
    """One presentation for each window, and for each rescale that it counts in."""
    seen = next((w for f in frames if (w := saving.shown.get(f.identity)) and w.automatic), None)
    groups: dict[tuple[Window | None, _Rescale], list[ImageFrame]] = {}
    for frame in frames:
        must = frame.identity in marked or frame.identity in saving.shown
        window = None if frame.is_colour else view.window or _own_window(frame, seen, must)
        if window is None and not frame.is_colour:
            continue
        rescale = None if frame.is_colour else rescale_of(frame.header, frame.index + 1)
        groups.setdefault((window, rescale), []).append(frame)
    sizes = {(frame.rows, frame.columns) for frame in frames}
    own = {frame.identity for group in groups.values() for frame in group}
    marks = tuple(mark for mark in saving.kept.annotations if mark.identity in own)
    parts = []
    for (window, _), group in groups.items():
        part = replace(
            view,
            images=_images(group),
            window=window,
            shape=_shape(group[0], view),
            displayed=view.displayed if len(sizes) == 1 else None,
            annotations=marks,
            description=saving.description,
            creator=saving.creator,
            frame=None,
        )
        parts.append(part)
        marks = ()
    return parts


def _own_window(frame: ImageFrame, seen: Window | None, must: bool) -> Window | None:
    """The first window that the file gives the frame; computed only where it must be."""
    own, _ = file_windows(frame, modality_of(frame))
    if own:
        return own[0]
    if seen is not None:  # computed once and held for the whole series
        return seen
    return windows_of(frame, frame.stored())[0] if must else None


def _images(frames: Sequence[ImageFrame]) -> tuple[Identity, ...]:
    """Whole instances where all of their frames are meant, else the frames."""
    counts: dict[Identity, int] = {}
    for frame in frames:
        whole = frame.identity.of_frame(0)
        counts[whole] = counts.get(whole, 0) + 1
    images: dict[Identity, None] = {}
    for frame in frames:
        whole = frame.identity.of_frame(0)
        images[whole if counts[whole] == frame.number_of_frames else frame.identity] = None
    return tuple(images)
