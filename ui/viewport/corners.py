"""The corners: what a reader of each modality expects to stand beside the film, and where.

Upper left the place in the series, upper right how the frame was taken, lower left how it is shown,
lower right the scale. "–" stands for what a reader expects and the file does not say; what only
some images have stands there only when they have it.
"""

from __future__ import annotations

from dataclasses import replace

from dicom_io.image.acquisition import Acquisition, acquisition_of
from dicom_io.image.frame import ImageFrame
from dicom_io.image.functional import floats
from ui.language import figure, tr
from ui.viewport.overlay import Marks, plain
from ui.viewport.placement import Placement
from ui.wording import NONE, spoken_date, spoken_name

FULL, MINIMAL, HIDDEN = "full", "minimal", "none"
XRAY = frozenset(("CR", "DX", "MG", "IO", "PX", "RG", "XA", "RF"))
SIDED = frozenset(("CR", "DX", "MG", "IO", "RG"))  # side and view are expected there
NUMERALS = 4  # significant digits


def acquisition_texts(frame: ImageFrame) -> tuple[str, ...]:
    """How the frame was taken, a line for each thing, by modality; of a computed plane, which
    nobody took, where it lies."""
    taken = acquisition_of(frame)
    if frame.derivation:
        return (tr("At {location} mm", location=_location(taken)),)
    lines = [
        _side(taken, frame.modality),
        _beam(taken, frame.modality),
        _echoes(taken, frame.modality),
        _slice(taken, frame.modality) if frame.pyramid is None else "",
        _objective(frame),
        tr("Contrast {agent}", agent=plain(taken.contrast)) if taken.contrast else "",
        _phase(taken),
        _time(taken),
        lossy_text(taken),
    ]
    return tuple(line for line in lines if line)


def lossy_text(taken: Acquisition) -> str:
    """ "Lossy 12:1", a mark that stays as long as anything stands in the corners."""
    if not taken.is_lossy:
        return ""
    ratios = ", ".join(f"{_figure(one)}:1" for one in taken.ratios)
    return tr("Lossy {ratio}", ratio=ratios or tr("by an unknown ratio"))


def identity_texts(frame: ImageFrame) -> tuple[str, ...]:
    """Whose image it is and where it comes from, for a film that no banner stands above."""

    def text(keyword: str) -> str:
        return plain(str(frame.header.get(keyword) or "").strip())

    return (
        spoken_name(text("PatientName")),
        tr("ID {id}", id=text("PatientID") or NONE),
        tr(
            "born {date} · sex {sex}",
            date=spoken_date(text("PatientBirthDate")),
            sex=text("PatientSex") or NONE,
        ),
        tr("Acc. {accession}", accession=text("AccessionNumber") or NONE),
        text("InstitutionName") or NONE,
        f"{spoken_date(text('StudyDate'))} {spoken_time(text('StudyTime'))}".strip(),
    )


def named(marks: Marks, frame: ImageFrame) -> Marks:
    """The marks with whose image it is above them; those of another frame stay as they are."""
    if frame.identity != marks.identity:
        return marks
    return replace(marks, top_left=(*identity_texts(frame), *marks.top_left))


def lying_text(placement: Placement) -> str:
    """ "Turned 90° · mirrored"; "" for a picture that lies as it is stored."""
    parts = []
    if placement.quarters:
        parts.append(tr("Turned {degrees}°", degrees=90 * placement.quarters))
    if placement.mirrored:
        parts.append(tr("Mirrored"))
    return " · ".join(parts)


def thinned(marks: Marks, detail: str) -> Marks:
    """The marks as far as the reader wants them; `detail` is of `dicom_io.hands.CORNERS`.

    Minimal keeps the first line of the place, the mark of lossy compression and what tells of the
    picture as it is seen.
    """
    if detail == FULL:
        return marks
    if detail == MINIMAL:
        lossy = tuple(line for line in marks.top_right if line == marks.lossy)
        return replace(marks, top_left=marks.top_left[:1], top_right=lossy)
    return Marks(marks.identity)


def spoken_time(time: str) -> str:
    """A DICOM time as a clock shows it; "" when there is none.

    >>> spoken_time("101112.345"), spoken_time("1011"), spoken_time("")
    ('10:11:12', '10:11', '')
    """
    digits = time.replace(":", "")[:6]
    if len(digits) < 4 or not digits.isdigit():
        return ""
    return ":".join(digits[at : at + 2] for at in range(0, len(digits) // 2 * 2, 2))


def _side(taken: Acquisition, modality: str) -> str:
    sides = {"R": tr("right"), "L": tr("left"), "B": tr("both sides"), "U": tr("unpaired")}
    side = sides.get(taken.laterality.upper(), plain(taken.laterality))
    if modality not in SIDED and not side and not taken.view:
        return ""
    return tr("Side {side} · View {view}", side=side or NONE, view=plain(taken.view) or NONE)


def _beam(taken: Acquisition, modality: str) -> str:
    expected = modality in XRAY or modality == "CT"
    if not expected and taken.kvp is None and taken.mas is None:
        return ""
    return tr("{kvp} kVp · {mas} mAs", kvp=_or_none(taken.kvp), mas=_or_none(taken.mas))


def _echoes(taken: Acquisition, modality: str) -> str:
    if modality != "MR":
        return ""
    parts = [
        tr("TR {value} ms", value=_or_none(taken.repetition)),
        tr("TE {value} ms", value=_or_none(taken.echo)),
        tr("Flip {value}°", value=_or_none(taken.flip)),
    ]
    if taken.inversion is not None:
        parts.insert(2, tr("TI {value} ms", value=_figure(taken.inversion)))
    return " · ".join(parts)


def _slice(taken: Acquisition, modality: str) -> str:
    expected = modality in ("CT", "MR", "PT")
    if not expected and taken.thickness is None and taken.location is None:
        return ""
    return tr(
        "Slice {thickness} mm · at {location} mm",
        thickness=_or_none(taken.thickness),
        location=_location(taken),
    )


def _location(taken: Acquisition) -> str:
    return figure(f"{taken.location:.1f}") if taken.location is not None else NONE


def _objective(frame: ImageFrame) -> str:
    """Of a microscope: what pathologists call the power of a slide."""
    path = next(iter(frame.header.get("OpticalPathSequence") or ()), None)
    power = floats(path, "ObjectiveLensPower")
    return tr("Objective {power}×", power=_figure(power[0])) if power and power[0] > 0 else ""


def _phase(taken: Acquisition) -> str:
    parts = []
    if taken.phase is not None:
        parts.append(tr("Phase {value} %", value=_figure(taken.phase)))
    if taken.trigger is not None:
        parts.append(tr("Trigger {value} ms", value=_figure(taken.trigger)))
    if taken.position is not None:
        number, count = taken.position
        parts.append(
            tr("Time {number} of {count}", number=number, count=count)
            if count
            else tr("Time {number}", number=number)
        )
    return " · ".join(parts)


def _time(taken: Acquisition) -> str:
    time = spoken_time(taken.time)
    return tr("Taken {time}", time=time) if time else ""


def _figure(value: float) -> str:
    """At most four digits, no zeros at the end."""
    return figure(f"{value:.{NUMERALS}g}" if abs(value) < 10**NUMERALS else f"{value:.0f}")


def _or_none(value: float | None) -> str:
    return _figure(value) if value is not None else NONE
