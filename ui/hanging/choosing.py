"""Choosing: how well a hanging protocol fits a study, and which image goes into which place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dicom_io.anatomy import kind_of, region_of
from dicom_io.image.frame import ImageFrame
from dicom_io.image.place import place_of
from ui.hanging.protocol import Place, Protocol
from ui.worklist.thumbnails import SeriesEntry

CLOSE_LOOK = 40  # images of a series that are each looked at; of a longer one the first alone


@dataclass(frozen=True)
class Hung:
    """What one place shows: a series, from which image on."""

    place: Place
    entry: SeriesEntry | None = None
    index: int = 0


@dataclass(frozen=True)
class Case:
    """What is known of the study to be hung, its series in order."""

    entries: tuple[SeriesEntry, ...]
    prior: tuple[SeriesEntry, ...] = ()
    prior_waits: bool = False  # there is one to compare with, but its images are not here yet

    @property
    def modality(self) -> str:
        """Of the first series with images."""
        first = self._first()
        return first.modality if first is not None else ""

    @property
    def region(self) -> str:
        first = self._first()
        return region_of(*texts_of(first)) if first is not None else ""

    def _first(self) -> ImageFrame | None:
        return next((entry.frames[0] for entry in self.entries if entry.frames), None)


def choose(protocols: Iterable[Protocol], study: Case) -> Protocol | None:
    """The protocol that fits best; the reader's own before a built-in one, None when none fits."""
    scored = [
        (score, protocol.name, protocol)
        for protocol in protocols
        if (score := score_of(protocol, study)) is not None
    ]
    return max(scored, key=lambda one: one[:2])[2] if scored else None


def score_of(protocol: Protocol, study: Case) -> float | None:
    """How well a protocol fits: 8 for a region, 4 for a modality, 2 for a prior, 1 for every place
    filled as it asks; 1000 for the reader's own. None when it does not fit.
    """
    when, filled = protocol.when, [entry for entry in study.entries if entry.frames]
    least, most = when.series or (0, 0)
    fits = (
        filled != []
        and (not when.modality or kind_of(study.modality) in map(kind_of, when.modality))
        and (not when.region or study.region in when.region)
        and len(filled) >= least
        and (not most or len(filled) <= most)
        and (not when.prior or bool(study.prior) or study.prior_waits)
    )
    if not fits:
        return None
    hung = hang(protocol, study, fill=False)
    for one in hung:
        waits = one.place.study == "prior" and study.prior_waits
        if one.place.needed and one.entry is None and not waits:
            return None
    score = 8.0 * bool(when.region) + 4.0 * bool(when.modality) + 2.0 * when.prior
    score += sum(one.entry is not None for one in hung) + 1000.0 * protocol.is_own
    return score


def hang(protocol: Protocol, study: Case, *, fill: bool = True) -> tuple[Hung, ...]:
    """What each place shows, row by row; a place that nothing fits stays empty.

    With `fill` the places that ask for nothing that is there take the series left over, in order.
    """
    taken: set[object] = set()
    hung = []
    for place in protocol.places:
        entries = study.prior if place.study == "prior" else study.entries
        best = _best(place, entries, taken)
        if best.entry is not None:
            taken.add(_mark(best))
        hung.append(best)
    if fill:
        hung = [_filled(one, study, taken) for one in hung]
    return tuple(hung)


def _best(place: Place, entries: Sequence[SeriesEntry], taken: set[object]) -> Hung:
    """The first image that meets the place, one with most of its words before others."""
    found = Hung(place)
    most = -1
    for entry in entries:
        looked_at = entry.frames if len(entry.frames) <= CLOSE_LOOK else entry.frames[:1]
        for index, frame in enumerate(looked_at):
            one = Hung(place, entry, index)
            if not place.again and (_mark(one) in taken or entry.name in taken):
                continue
            score = meets(place, frame)
            if score is not None and score > most:
                found, most = one, score
    return found


def _mark(hung: Hung) -> object:
    """What counts as shown: the image where the place asks for one of several, else the series."""
    entry = hung.entry
    if entry is None:
        return None
    asks_for_image = bool(hung.place.view or hung.place.side)
    return entry.frames[hung.index].identity if asks_for_image else entry.name


def alike(shown: ImageFrame, entries: Iterable[SeriesEntry]) -> Hung | None:
    """The image of another study that is most like one: kind, part of the body, view, side, plane,
    and what its series is called. None when there is nothing but scouts.
    """
    best, most = None, -100
    for entry in entries:
        looked_at = entry.frames if len(entry.frames) <= CLOSE_LOOK else entry.frames[:1]
        for index, frame in enumerate(looked_at):
            score = likeness(shown, frame)
            if not place_of(frame).is_localizer and score > most:
                best, most = Hung(Place("prior"), entry, index), score
    return best


def likeness(one: ImageFrame, other: ImageFrame) -> int:
    """How much two images are of the same; what is not said counts neither way."""
    first, second = _traits(one), _traits(other)
    score = 0
    for weight, mine, its in zip((8, 6, 4, 4, 3), first, second, strict=True):
        if mine and its:
            score += weight if mine == its else -weight
    words = {
        word
        for frame in (one, other)
        for word in _text(frame, "SeriesDescription").lower().split()
        if all(word in _text(both, "SeriesDescription").lower() for both in (one, other))
    }
    return score + min(len(words), 2)


def _traits(frame: ImageFrame) -> tuple[str, ...]:
    """Kind, part of the body, view, side and plane, each "" when nothing says so."""
    texts = texts_of(frame)
    return (
        kind_of(frame.modality),
        region_of(*texts),
        view_of(frame),
        (_text(frame, "ImageLaterality") or _text(frame, "Laterality")).upper(),
        plane_of(place_of(frame).orientation),
    )


def _filled(hung: Hung, study: Case, taken: set[object]) -> Hung:
    """An empty place of the current study takes the next series that no pane shows."""
    if hung.entry is not None or hung.place.study == "prior":
        return hung
    for entry in study.entries:
        of_it = {entry.name, *(frame.identity for frame in entry.frames[:CLOSE_LOOK])}
        if entry.frames and not of_it & taken and not place_of(entry.frames[0]).is_localizer:
            taken.add(entry.name)
            return Hung(hung.place, entry)
    return hung


def meets(place: Place, frame: ImageFrame) -> int | None:
    """How many of the place's words the image has; None when it is not what the place asks for."""
    texts = " ".join(texts_of(frame)).lower()
    view = view_of(frame)
    side = _text(frame, "ImageLaterality") or _text(frame, "Laterality")
    fits = (
        (not place.modality or kind_of(frame.modality) in map(kind_of, place.modality))
        and (not place.view or view in place.view)
        and (not place.side or side.upper() == place.side)
        and (not place.plane or plane_of(place_of(frame).orientation) == place.plane)
        and not any(word.lower() in texts for word in place.without)
    )
    words = sum(word.lower() in texts for word in place.words)
    if not fits or (place.words and not words):
        return None
    return words


def texts_of(frame: ImageFrame) -> tuple[str, ...]:
    """What the header says in words of what is seen, the most exact first."""
    return tuple(
        _text(frame, keyword)
        for keyword in (
            "BodyPartExamined",
            "SeriesDescription",
            "ProtocolName",
            "StudyDescription",
            "SequenceName",
        )
    )


def plane_of(orientation: Sequence[float]) -> str:
    """The plane that an image lies closest to, by the directions of its row and column; "" when
    nothing says so.

    >>> plane_of([1, 0, 0, 0, 1, 0]), plane_of([0, 1, 0, 0, 0, -1]), plane_of(())
    ('axial', 'sagittal', '')
    """
    if len(orientation) != 6:
        return ""
    a, b, c, d, e, f = orientation
    normal = (abs(b * f - c * e), abs(c * d - a * f), abs(a * e - b * d))
    return ("sagittal", "coronal", "axial")[normal.index(max(normal))] if max(normal) > 0 else ""


def view_of(frame: ImageFrame) -> str:
    """ViewPosition, else what the words of the header say of the view; "" for neither."""
    words = " ".join(texts_of(frame)).lower()
    return _text(frame, "ViewPosition").upper() or _view_in(words)


def _view_in(texts: str) -> str:
    """The view of a chest film whose header has it in words alone."""
    words = texts.replace("/", " ").replace("_", " ").split()
    for view, marks in (
        ("LL", ("lateral", "lat", "seitlich", "profil", "ll")),
        ("PA", ("pa", "p.a.", "p-a")),
        ("AP", ("ap", "a.p.", "a-p")),
        ("MLO", ("mlo",)),
        ("CC", ("cc",)),
    ):
        if any(mark in words for mark in marks):
            return view
    return ""


def _text(frame: ImageFrame, keyword: str) -> str:
    return str(frame.header.get(keyword) or "").strip()
