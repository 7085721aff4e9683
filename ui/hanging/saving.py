"""Saving: the panes as they are, as a protocol of the reader's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from dicom_io.image.frame import ImageFrame
from dicom_io.image.place import place_of
from ui.hanging.choosing import Case, plane_of, view_of
from ui.hanging.protocol import Place, Protocol, When, write_protocol
from ui.viewport.grid import Grid
from ui.viewport.viewport import Viewport


def layout_of(grid: Grid, case: Case, *, link: bool = False) -> Protocol:
    """What the grid shows, as rules that find the like in the next study of this kind."""
    kind = " ".join(part for part in (case.modality, case.region.capitalize()) if part)
    rows, columns = grid.shape()
    places = tuple(_place(pane, foreign=grid.cell(pane).is_foreign()) for pane in grid.panes())
    shown = [place for place in places if place != Place()]
    return Protocol(
        name=f"My {kind}" if kind else "My layout",
        rows=rows,
        columns=columns,
        link=link,
        when=When(
            modality=(case.modality,) if case.modality else (),
            region=(case.region,) if case.region else (),
            prior=any(place.study == "prior" for place in shown),
        ),
        places=places,
        is_own=True,
    )


def file_of(folder: Path, protocol: Protocol) -> Path:
    """One file for each kind of study, so that saving again replaces."""
    return folder / (re.sub(r"[^a-z0-9]+", "-", protocol.name.lower()).strip("-") + ".toml")


def saving(path: Path, protocol: Protocol) -> Callable[[Callable[[], bool]], Iterator[Path]]:
    """The work of writing it, for a pool thread. Raises StorageProblem."""

    def work(cancelled: Callable[[], bool]) -> Iterator[Path]:
        if not cancelled():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_protocol(path, protocol)
            yield path

    return work


def _place(pane: Viewport, *, foreign: bool) -> Place:
    frame = pane.selected_frame()
    study = "prior" if foreign else "current"
    if frame is None:
        return Place(study=study)
    window = pane.current_window()
    if window in [offer.window for offer in pane.window_offers() if offer.index >= 0]:
        window = None  # the image's own
    return Place(
        study=study,
        modality=(frame.modality,) if frame.modality else (),
        words=_words(frame),
        view=(view_of(frame),) if view_of(frame) else (),
        side=_side(frame),
        plane=plane_of(place_of(frame).orientation),
        window=(float(window.center), float(window.width)) if window is not None else (),
        again=True,
    )


def _words(frame: ImageFrame) -> tuple[str, ...]:
    """The whole name of the series: what a scanner calls it today it calls it tomorrow."""
    name = " ".join(str(frame.header.get("SeriesDescription") or "").lower().split())
    return (name,) if name else ()


def _side(frame: ImageFrame) -> str:
    for keyword in ("ImageLaterality", "Laterality"):
        side = str(frame.header.get(keyword) or "").strip().upper()
        if side in ("L", "R"):
            return side
    return ""
