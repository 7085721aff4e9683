"""Acquisition: what the header says of how a frame was taken, for the corners of the viewer.

Source: DICOM PS3.3 C.8.2, C.8.3, C.8.7 and C.8.11 (classic images), C.8.13 and C.8.15 (functional
groups of enhanced ones), C.7.6.1.1.5 (lossy compression).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless

from dicom_io.image.frame import ImageFrame
from dicom_io.image.functional import floats, macro, texts
from dicom_io.image.space import dot, plane_of

LOSSY_SYNTAXES = frozenset((JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless))


@dataclass(frozen=True, slots=True)
class Acquisition:
    """None or "" for what the file does not say; nothing is guessed."""

    kvp: float | None = None
    mas: float | None = None
    repetition: float | None = None  # ms
    echo: float | None = None  # ms
    inversion: float | None = None  # ms
    flip: float | None = None  # degrees
    thickness: float | None = None  # mm
    location: float | None = None  # mm along the slices' normal, or as the file says it
    contrast: str = ""
    laterality: str = ""  # R, L, B, U
    view: str = ""
    phase: float | None = None  # per cent of the heart's cycle
    trigger: float | None = None  # ms
    position: tuple[int, int] | None = None  # in time, and of how many (0: not said)
    time: str = ""  # DICOM TM, when this frame was taken
    is_lossy: bool = False
    ratios: tuple[float, ...] = ()  # of each lossy compression, 12.0 for 12:1


def acquisition_of(frame: ImageFrame) -> Acquisition:
    """What the header says; a frame's own functional groups come first."""
    header, index = frame.header, frame.index

    def first(keyword: str, *sequences: str) -> float | None:
        for source in (*(macro(header, index, one) for one in sequences), header):
            values = floats(source, keyword)
            if values and math.isfinite(values[0]):
                return values[0]
        return None

    def word(keyword: str, *sequences: str) -> str:
        for source in (*(macro(header, index, one) for one in sequences), header):
            values = texts(source, keyword)
            if values and values[0].strip():
                return values[0].strip()
        return ""

    temporal = first("TemporalPositionIdentifier", "TemporalPositionSequence")
    echo = first("EffectiveEchoTime", "MREchoSequence")
    return Acquisition(
        kvp=first("KVP", "CTXRayDetailsSequence"),
        mas=_exposure(frame),
        repetition=first("RepetitionTime", "MRTimingAndRelatedParametersSequence"),
        echo=echo if echo is not None else first("EchoTime"),
        inversion=first("InversionTime"),
        flip=first("FlipAngle", "MRTimingAndRelatedParametersSequence"),
        thickness=first("SliceThickness", "PixelMeasuresSequence"),
        location=_location(frame, first("SliceLocation")),
        contrast=_contrast(header),
        laterality=word("FrameLaterality", "FrameAnatomySequence")
        or word("ImageLaterality")
        or word("Laterality"),
        view=word("ViewPosition"),
        phase=first("NominalPercentageOfCardiacPhase", "CardiacSynchronizationSequence"),
        trigger=first("TriggerTime"),
        position=_position(temporal, first("NumberOfTemporalPositions")),
        time=_time(frame),
        is_lossy=_is_lossy(header),
        ratios=tuple(one for one in floats(header, "LossyImageCompressionRatio") if one > 0),
    )


def _exposure(frame: ImageFrame) -> float | None:
    """mAs: as said, else from microampere seconds, else current times time."""
    details = macro(frame.header, frame.index, "CTExposureSequence")
    for source, keyword, factor in (
        (details, "ExposureInmAs", 1.0),
        (frame.header, "Exposure", 1.0),
        (frame.header, "ExposureInuAs", 1e-3),
    ):
        values = floats(source, keyword)
        if values and math.isfinite(values[0]):
            return values[0] * factor
    current, time = floats(frame.header, "XRayTubeCurrent"), floats(frame.header, "ExposureTime")
    if current and time and math.isfinite(current[0] * time[0]):
        return current[0] * time[0] / 1000  # mA and ms
    return None


def _location(frame: ImageFrame, said: float | None) -> float | None:
    """SliceLocation, else the position along the normal of the plane."""
    plane = plane_of(frame) if said is None else None
    return dot(plane.origin, plane.normal) if plane is not None else said


def _contrast(header: Dataset) -> str:
    """The agent; "yes" when it is only said that there was one."""
    agent = next(iter(texts(header, "ContrastBolusAgent")), "").strip()
    if agent:
        return agent
    items = header.get("ContrastBolusAgentSequence") or []
    meaning = str(items[0].get("CodeMeaning") or "").strip() if items else ""
    return meaning


def _position(temporal: float | None, count: float | None) -> tuple[int, int] | None:
    if temporal is None:
        return None
    return int(temporal), int(count or 0)


def _time(frame: ImageFrame) -> str:
    content = macro(frame.header, frame.index, "FrameContentSequence")
    stamp = str(content.get("FrameAcquisitionDateTime") or "") if content is not None else ""
    if len(stamp) >= 14:
        return stamp[8:14]
    for keyword in ("AcquisitionTime", "ContentTime"):
        text = str(frame.header.get(keyword) or "").strip()
        if text:
            return text
    return str(frame.header.get("AcquisitionDateTime") or "")[8:14]


def _is_lossy(header: Dataset) -> bool:
    """Said by the file, or certain from how the pixels are stored."""
    if str(header.get("LossyImageCompression") or "") == "01":
        return True
    meta = getattr(header, "file_meta", None)
    return meta is not None and meta.get("TransferSyntaxUID") in LOSSY_SYNTAXES
