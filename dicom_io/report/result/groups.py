"""The measurement groups of an AI result: one for each finding, answer and measurement.

Source: DICOM PS3.16 TID 1501, TID 1410, TID 4019; IHE AIR.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation, Kind, Value
from dicom_io.report import codes, observers, tree
from dicom_io.report.codes import Code
from dicom_io.report.document import (
    Algorithm,
    Asked,
    Decision,
    Origin,
    Reader,
    ReportDocument,
    Sentence,
)
from dicom_io.report.header import put
from dicom_io.report.images import is_referable
from dicom_io.report.result import concepts, regions
from dicom_io.report.text import clean, fitting

MOST_CANDIDATES, LONGEST_LIST = 20, 1000  # of which each is named
UNCALIBRATED = "not calibrated"  # as the notes of sentences say it
EVALUATIONS = {"yes": codes.PRESENT, "no": codes.ABSENT}
_BY_AREA = frozenset((Kind.ELLIPSE, Kind.RECTANGLE, Kind.FREEHAND))
_NAMES = uuid.UUID("2f8d1c92-40b4-5a60-8a85-57f0ac4b2b7e")  # name space of marks without a UUID


@dataclass(frozen=True, slots=True)
class Measured:
    """A mark of the reader's and what it measures."""

    mark: Annotation
    values: tuple[Value, ...]


def sentences_of(document: ReportDocument) -> tuple[Sentence, ...]:
    """The model's sentences that the reader accepted or edited, in reading order; of an addendum
    those that are new."""
    return tuple(
        sentence
        for sentence in document.added()
        if sentence.state is Decision.ACCEPTED and sentence.origin in (Origin.AI, Origin.AI_EDITED)
    )


def of_sentence(
    document: ReportDocument, sentence: Sentence, number: int, images: Mapping[str, Dataset]
) -> Dataset:
    """The group of one sentence. Of an edited one stand the reader's words and nothing that only
    holds for the model's: neither its answer nor its probability."""
    algorithm = observers.algorithm_behind(document, sentence)
    written = _asked(document, sentence.request)
    asked = _asked(document, sentence.basis) or written
    edited = sentence.origin is Origin.AI_EDITED
    concept = concepts.finding(asked.about if asked and not edited else "")
    items = [*_tracking(f"AI finding {number}", sentence.id)]
    items.append(tree.code_item(tree.CONTAINS, codes.FINDING, concept.item()))
    if algorithm is not None:
        items += _algorithm(algorithm, (written, asked))
    items.append(tree.text_item(tree.CONTAINS, codes.COMMENT, clean(sentence.text)))
    if asked is not None and not edited:
        items += _exchange(sentence, asked)
        items += _evaluation(sentence, asked, concept)
    items += _places(sentence, written, images)
    return _group(items, "1410" if _has_region(items) else "1501")


def _asked(document: ReportDocument, request: str) -> Asked | None:
    return next((one for one in document.asked if request and one.request == request), None)


def _tracking(name: str, identifier: str) -> Iterator[Dataset]:
    context = tree.HAS_OBSERVATION_CONTEXT
    yield tree.text_item(context, codes.TRACKING_IDENTIFIER, fitting(name, 64))
    yield tree.uid_item(context, codes.TRACKING_UID, tracking_uid(identifier))


def tracking_uid(identifier: str) -> str:
    """The same UID for the same sentence or mark in every version of the report."""
    try:
        return f"2.25.{uuid.UUID(identifier).int}"
    except ValueError:
        return f"2.25.{uuid.uuid5(_NAMES, identifier).int}"


def _algorithm(algorithm: Algorithm, asked: Sequence[Asked | None]) -> Iterator[Dataset]:
    """TID 4019: what must be known to ask the same of the same model again."""
    modifier = tree.HAS_CONCEPT_MODIFIER
    yield tree.text_item(modifier, codes.ALGORITHM_NAME, algorithm.name)
    yield tree.text_item(modifier, codes.ALGORITHM_VERSION, algorithm.version or "unknown")
    if algorithm.manufacturer:
        yield tree.text_item(modifier, codes.ALGORITHM_MANUFACTURER, algorithm.manufacturer)
    for parameter in _parameters(algorithm, asked):
        yield tree.text_item(modifier, codes.ALGORITHM_PARAMETERS, clean(parameter))
    family = codes.ARTIFICIAL_INTELLIGENCE.item()
    yield tree.code_item(modifier, codes.ALGORITHM_FAMILY, family)


def _parameters(algorithm: Algorithm, asked: Sequence[Asked | None]) -> dict[str, None]:
    """One `name=value` each, without repeating any."""
    found: dict[str, None] = {}
    if algorithm.sha256:
        found[f"weights_sha256={algorithm.sha256}"] = None
    for one in asked:
        if one is None:
            continue
        found |= {f"{name}={value}": None for name, value in one.parameters if value}
        if one.text:
            digest = hashlib.sha256(one.text.encode()).hexdigest()
            found[f"prompt_sha256={digest}"] = None
        for image in one.images:
            frame = f" frame {image.frame}" if image.frame else ""
            found[f"input={image.instance}{frame}"] = None
        if one.candidates:
            found[f"candidates={_listed(one.candidates)}"] = None
    return found


def _listed(candidates: Sequence[str]) -> str:
    """The answers to choose from; of a long list how many, and what proves which."""
    text = " | ".join(candidates)
    if len(candidates) <= MOST_CANDIDATES and len(text) <= LONGEST_LIST:
        return text
    return f"{len(candidates)} answers, sha256 {hashlib.sha256(text.encode()).hexdigest()}"


def _exchange(sentence: Sentence, asked: Asked) -> Iterator[Dataset]:
    """What the model was asked, below what it answered."""
    answer = tree.text_item(
        tree.CONTAINS, codes.AI_ANSWER, clean(asked.answer or sentence.suggested or sentence.text)
    )
    if asked.text.strip():
        question = tree.text_item(tree.HAS_CONCEPT_MODIFIER, codes.AI_QUESTION, clean(asked.text))
        put(answer, "ContentSequence", DicomSequence([question]))
    yield answer


def _evaluation(sentence: Sentence, asked: Asked, concept: Code) -> Iterator[Dataset]:
    """Present or absent for a closed answer, and how sure: only where that is calibrated."""
    value = EVALUATIONS.get(asked.answer.strip().casefold())
    if value is not None and concept is not codes.CLINICAL_FINDING:
        yield tree.code_item(tree.CONTAINS, concept, value.item())
    if sentence.probability is not None and UNCALIBRATED not in sentence.note:
        percent = Code("%", "UCUM", "Percent")
        yield tree.number_item(
            tree.CONTAINS, codes.CERTAINTY, round(100 * sentence.probability, 2), percent
        )


def _places(
    sentence: Sentence, asked: Asked | None, images: Mapping[str, Dataset]
) -> Iterator[Dataset]:
    """The region that the sentence is about, else the images that the model was shown."""
    region = sentence.region or (asked.region if asked is not None else None)
    image = images.get(region.identity.instance) if region is not None else None
    if region is not None and image is not None and regions.fits(regions.box(region), image):
        points = regions.box(region)
        frame = region.identity.frame
        yield regions.coordinates(tree.CONTAINS, regions.POLYLINE, points, image, frame)
        return
    for identity in dict.fromkeys(asked.images if asked is not None else ()):
        if identity.instance in images:
            shown = images[identity.instance]
            yield tree.image_item(tree.CONTAINS, codes.SOURCE_OF_MEASUREMENT, shown, identity.frame)


def of_measurement(
    measured: Measured, number: int, reader: Reader, images: Mapping[str, Dataset]
) -> Dataset | None:
    """The group of a mark of the reader's, with the reader as its observer; None where nothing of
    it has a code, or its image cannot be referred to."""
    mark = measured.mark
    image = images.get(mark.identity.instance)
    if image is None or not all(regions.fits(points, image) for _, points in regions.drawn(mark)):
        return None
    lines = [
        regions.coordinates(
            tree.CONTAINS if mark.kind in _BY_AREA else tree.INFERRED_FROM,
            kind,
            points,
            image,
            mark.identity.frame,
        )
        for kind, points in regions.drawn(mark)
    ]
    numbers = list(_numbers(measured, lines))
    if not numbers:
        return None
    items = [*_tracking(mark.text.strip() or f"Measurement {number}", mark.id)]
    items += _by_person(reader)
    if mark.kind in _BY_AREA:
        items += lines
    return _group([*items, *numbers], "1410" if mark.kind in _BY_AREA else "1501")


def _by_person(reader: Reader) -> list[Dataset]:
    context = tree.HAS_OBSERVATION_CONTEXT
    return [
        tree.code_item(context, codes.OBSERVER_TYPE, codes.PERSON.item()),
        tree.name_item(context, codes.PERSON_NAME, reader.name),
    ]


def _numbers(measured: Measured, lines: Sequence[Dataset]) -> Iterator[Dataset]:
    """The values that have a code and a unit; below each the lines that it was taken from."""
    kind = measured.mark.kind
    for position, value in enumerate(measured.values):
        concept, unit = concepts.measurement(value.name), concepts.unit(value.unit)
        if concept is None or unit is None:
            continue
        item = tree.number_item(tree.CONTAINS, concept, value.value, unit)
        below: list[Dataset] = []
        if value.calibration:
            words = f"calibration: {value.calibration}"
            below.append(tree.text_item(tree.HAS_CONCEPT_MODIFIER, codes.MEASUREMENT_METHOD, words))
        if kind is Kind.BIDIRECTIONAL:
            below.append(lines[position])
        elif kind not in _BY_AREA:
            below += lines
        if below:
            put(item, "ContentSequence", DicomSequence(below))
        yield item


def _group(items: list[Dataset], template: str) -> Dataset:
    group = tree.container(codes.MEASUREMENT_GROUP, items)
    named = Dataset()
    put(named, "MappingResource", "DCMR")
    put(named, "TemplateIdentifier", template)
    put(group, "ContentTemplateSequence", DicomSequence([named]))
    return group


def _has_region(items: Sequence[Dataset]) -> bool:
    return any(item.ValueType == "SCOORD" for item in items)


def images_by_uid(images: Sequence[Dataset]) -> dict[str, Dataset]:
    """The images that an item may refer to, by their UIDs."""
    return {str(image.SOPInstanceUID): image for image in images if is_referable(image)}


def identities(measured: Sequence[Measured]) -> tuple[Identity, ...]:
    """The instances that marks lie on, each once."""
    return tuple(dict.fromkeys(one.mark.identity.of_frame(0) for one in measured))
