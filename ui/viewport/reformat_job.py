"""The work of making planes, for a pool thread: the volume, then what all planes share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dicom_io.image.frame import ImageFrame
from dicom_io.image.modality import modality_of
from dicom_io.image.reformat import Cut, Planes
from dicom_io.image.volume import Progress, Volume, build
from dicom_io.image.window import Window, file_windows

TELLING = 10  # times, at most, that progress is told


@dataclass(frozen=True, eq=False)
class Made:
    """Planes in every direction, ready to be shown."""

    planes: dict[Cut, Planes]
    windows: tuple[Window, ...]  # that the file offers
    notice: str = ""  # what the reader should know of them


def made_of(
    frames: tuple[ImageFrame, ...], cancelled: Callable[[], bool]
) -> Iterator[Progress | Made]:
    """A volume of these frames and its planes. Raises NoVolume and FileProblem."""
    told = 0
    for step in build(frames, cancelled):
        if step.volume is not None:
            yield _made(step.volume)
        elif step.done * TELLING // step.total > told:
            told = step.done * TELLING // step.total
            yield step


def _made(volume: Volume) -> Made:
    windows, _ = file_windows(volume.source, modality_of(volume.source))
    return Made({cut: Planes(volume, cut) for cut in Cut}, windows, " ".join(volume.notices))
