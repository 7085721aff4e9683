"""The checklist of an AI result (spec, part A.9): what TID 1500 has beside every report's rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydicom.dataset import Dataset

from dicom_io.report import check as report
from dicom_io.report import codes, tree
from dicom_io.report.codes import code_key

POINTS = {"POINT": (1, 1), "CIRCLE": (2, 2), "ELLIPSE": (4, 4), "POLYLINE": (2, 1 << 20)}


def check(dataset: Dataset, evidence: Sequence[Dataset]) -> tuple[str, ...]:
    """One sentence for each rule that the result breaks; an empty tuple when it passes."""
    return report.findings(RULES, dataset, evidence)


def require(dataset: Dataset, evidence: Sequence[Dataset]) -> None:
    """Raise InvalidReport with all findings, when there are any."""
    report.refuse(check(dataset, evidence), dataset)


def _root(dataset: Dataset, evidence: Sequence[Dataset]) -> Iterator[str]:
    """Rule 3."""
    titles = list(dataset.get("ConceptNameCodeSequence") or ())
    if len(titles) != 1 or not codes.MEASUREMENT_REPORT.names(titles[0]):
        yield "The result's title is not Imaging Measurement Report."
    templates = dataset.get("ContentTemplateSequence") or ()
    if [str(one.get("TemplateIdentifier") or "") for one in templates] != ["1500"]:
        yield "ContentTemplateSequence does not name template 1500."


def _content(dataset: Dataset, evidence: Sequence[Dataset]) -> Iterator[str]:
    """Rule 7."""
    root = dataset.get("ContentSequence") or ()
    concepts = [tree.Visited(item, dataset, 2, "").concept for item in root]
    if not any(codes.LANGUAGE.names(concept) for concept in concepts):
        yield "The language item is missing."
    yield from report.texts_and_codes(dataset)


def _algorithms(dataset: Dataset, evidence: Sequence[Dataset]) -> Iterator[str]:
    """Rule 6: each group of a model names it with its version; the others name their person."""
    for here in tree.walk(dataset):
        if not codes.MEASUREMENT_GROUP.names(here.concept):
            continue
        below = {}
        for child in here.item.get("ContentSequence") or ():
            visited = tree.Visited(child, here.item, here.depth + 1, "")
            below[code_key(visited.concept)[0]] = visited
        for concept in (codes.TRACKING_IDENTIFIER, codes.TRACKING_UID):
            if concept.value not in below:
                yield f"The group at {here.position} has no {concept.meaning}."
        if codes.PERSON_NAME.value in below:
            continue
        for concept in (codes.ALGORITHM_NAME, codes.ALGORITHM_VERSION):
            if concept.value not in below or not below[concept.value].text:
                yield f"The group at {here.position} has no {concept.meaning}."


def _regions(dataset: Dataset, evidence: Sequence[Dataset]) -> Iterator[str]:
    """Rule 9: closed areas inside their image, and shares within their range."""
    by_uid = {str(one.get("SOPInstanceUID") or ""): one for one in evidence}
    for here in tree.walk(dataset):
        if here.value_type == "SCOORD":
            yield from _region(here, by_uid)
        elif here.value_type == "NUM" and codes.CERTAINTY.names(here.concept):
            for measured in here.item.get("MeasuredValueSequence") or ():
                if not 0 <= float(measured.NumericValue) <= 100:
                    yield f"The certainty at {here.position} is not within 0 to 100 %."


def _region(here: tree.Visited, by_uid: dict[str, Dataset]) -> Iterator[str]:
    kind = str(here.item.get("GraphicType") or "")
    data = [float(one) for one in here.item.get("GraphicData") or ()]
    points = list(zip(data[::2], data[1::2], strict=False))
    least, most = POINTS.get(kind, (1, 0))
    if len(data) % 2 or not least <= len(points) <= most:
        yield f"The region at {here.position} is no {kind or 'shape'}."
    is_area = here.item.get("RelationshipType") == tree.CONTAINS
    if kind == "POLYLINE" and is_area and points and points[0] != points[-1]:
        yield f"The region at {here.position} is not closed."
    images = [
        by_uid.get(str(reference.get("ReferencedSOPInstanceUID") or ""))
        for child in here.item.get("ContentSequence") or ()
        for reference in child.get("ReferencedSOPSequence") or ()
    ]
    if not images:
        yield f"The region at {here.position} names no image."
    for image in images:
        if image is None:
            continue  # rule 8 says so
        columns, rows = int(image.get("Columns") or 0), int(image.get("Rows") or 0)
        if any(not (0 <= x <= columns and 0 <= y <= rows) for x, y in points):
            yield f"The region at {here.position} lies outside of its image."


def _form(dataset: Dataset, evidence: Sequence[Dataset]) -> Iterator[str]:
    """Rule 10, and no more items than others can read."""
    count = 0
    for here in tree.walk(dataset):
        count += 1
        if here.depth > report.DEEPEST:
            yield f"The result is deeper than {report.DEEPEST} levels at {here.position}."
            break
    if count > 2000:
        yield "The result has more than 2,000 items."
    yield from report.offset_and_charset(dataset)


RULES: tuple[report.Rule, ...] = (
    report.uids,
    report.identity,
    _root,
    report.state,
    report.label,
    report.device,
    _content,
    _algorithms,
    report.images,
    _regions,
    _form,
)
