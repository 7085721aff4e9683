"""The checklist that every report passes before it is written or sent (spec, part A.9)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from pydicom.dataset import Dataset

from dicom_io.errors import InvalidReport, ReportProblem
from dicom_io.report import codes, tree
from dicom_io.report.flags import flags_of, is_released
from dicom_io.report.header import IDENTITY_KEYWORDS
from dicom_io.report.notices import DRAFT_TITLE, PRELIMINARY_TITLE, RESEARCH_TITLE

DEEPEST = 12
_UID = re.compile(r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))+")
_OFFSET = re.compile(r"[+-](?:0\d|1[0-4])[0-5]\d")
_DATE_TIME = re.compile(r"\d{14}(?:\.\d{1,6})?[+-]\d{4}")
_BY_MACHINE = re.compile(r"\bAI\b|artificial intelligence|algorithm", re.IGNORECASE)
_NOT_FINAL = re.compile(r"unverified|not reviewed|not verified|preliminary|draft", re.IGNORECASE)

Rule = Callable[[Dataset, Sequence[Dataset]], Iterator[str]]


def check(dataset: Dataset, evidence: Sequence[Dataset]) -> tuple[str, ...]:
    """One sentence for each rule that the report breaks; an empty tuple when it passes.

    `evidence` are the headers that it was built from. The judges' programs (rule 1's dciodvfy and
    dsrdump) are not run here.
    """
    return findings(_RULES, dataset, evidence)


def findings(
    rules: Sequence[Rule], dataset: Dataset, evidence: Sequence[Dataset]
) -> tuple[str, ...]:
    """What these rules say against a document."""
    found: list[str] = []
    for rule in rules:
        try:
            found += rule(dataset, evidence)
        except ReportProblem as problem:  # too many items to walk
            found.append(str(problem))
            break
    return tuple(found)


def require(dataset: Dataset, evidence: Sequence[Dataset]) -> None:
    """Raise InvalidReport with all findings, when there are any."""
    refuse(check(dataset, evidence), dataset)


def refuse(found: tuple[str, ...], dataset: Dataset) -> None:
    """Raise InvalidReport with these findings, when there are any."""
    if found:
        more = f" ({len(found) - 1} more findings)" if len(found) > 1 else ""
        raise InvalidReport(
            f"The report breaks a rule and was not written: {found[0]}{more}",
            str(dataset.get("SOPInstanceUID") or ""),
            found,
        )


def _text(dataset: Dataset, keyword: str) -> str:
    return str(dataset.get(keyword) or "").strip()


def _items(dataset: Dataset, keyword: str) -> tuple[Dataset, ...]:
    return tuple(dataset.get(keyword) or ())


def _source(dataset: Dataset, evidence: Sequence[Dataset]) -> Dataset | None:
    """The image that identity is compared with: the first that the report itself names."""
    by_uid = {_text(one, "SOPInstanceUID"): one for one in evidence}
    named = _referenced(dataset, ("CurrentRequestedProcedureEvidenceSequence",))
    return next((by_uid[uid] for uid in named if uid in by_uid), None)


def _referenced(dataset: Dataset, keywords: Sequence[str]) -> list[str]:
    return [
        _text(instance, "ReferencedSOPInstanceUID")
        for keyword in keywords
        for study in dataset.get(keyword) or ()
        for series in study.get("ReferencedSeriesSequence") or ()
        for instance in series.get("ReferencedSOPSequence") or ()
    ]


def uids(dataset: Dataset, evidence: Sequence[Dataset]) -> Iterator[str]:
    """Rule 1: UIDs are valid, file meta and data set agree, the series is no image series."""
    for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        uid = _text(dataset, keyword)
        if len(uid) > 64 or not _UID.fullmatch(uid):
            yield f"{keyword} is not a valid UID."
    sequences = ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence")
    for uid in _referenced(dataset, sequences):
        if len(uid) > 64 or not _UID.fullmatch(uid):
            yield "An image that the report refers to has no valid SOPInstanceUID."
    meta = getattr(dataset, "file_meta", None)
    if meta is not None:
        if _text(meta, "MediaStorageSOPInstanceUID") != _text(dataset, "SOPInstanceUID"):
            yield "The file meta information names another instance than the data set."
        if _text(meta, "MediaStorageSOPClassUID") != _text(dataset, "SOPClassUID"):
            yield "The file meta information names another SOP class than the data set."
    if _text(dataset, "Modality") != "SR":
        yield "Modality is not SR."
    series = {_text(one, "SeriesInstanceUID") for one in evidence if not _is_report(one)}
    if _text(dataset, "SeriesInstanceUID") in series:
        yield "The report stands in a series of images."
    if not _text(dataset, "SeriesNumber").isdigit() or int(dataset.SeriesNumber) < 1:
        yield "SeriesNumber is missing."


def _is_report(dataset: Dataset) -> bool:
    return "ConceptNameCodeSequence" in dataset


def identity(dataset: Dataset, evidence: Sequence[Dataset]) -> Iterator[str]:
    """Rule 2: patient and study are the image's."""
    source = _source(dataset, evidence)
    if source is None:
        return  # rule 8 says so
    for keyword in IDENTITY_KEYWORDS:
        if _text(dataset, keyword) != _text(source, keyword):
            yield f"{keyword} differs from the image's."
    for keyword in IDENTITY_KEYWORDS:
        if keyword != "IssuerOfPatientID" and keyword not in dataset:
            yield f"{keyword} is absent; it must be there, even if empty."
    issuer = "IssuerOfAccessionNumberSequence"
    if source.get(issuer) and not dataset.get(issuer):
        yield f"{issuer} is absent though the image has it."
    accession = _text(source, "AccessionNumber")
    requests = dataset.get("ReferencedRequestSequence") or ()
    if accession and not any(_text(one, "AccessionNumber") == accession for one in requests):
        yield "ReferencedRequestSequence does not carry the accession number."


def _root(dataset: Dataset, evidence: Sequence[Dataset]) -> Iterator[str]:
    """Rule 3: a container with a title of CID 7000 and the template 2000."""
    if _text(dataset, "ValueType") != "CONTAINER":
        yield "The root of the document is no CONTAINER."
    titles = _items(dataset, "ConceptNameCodeSequence")
    if len(titles) != 1 or not any(title.names(titles[0]) for title in codes.TITLES):
        yield "The document's title is none of CID 7000."
    templates = _items(dataset, "ContentTemplateSequence")
    if len(templates) != 1 or (
        _text(templates[0], "TemplateIdentifier"),
        _text(templates[0], "MappingResource"),
    ) != ("2000", "DCMR"):
        yield "ContentTemplateSequence does not name template 2000 of DCMR."


def state(dataset: Dataset, evidence: Sequence[Dataset]) -> Iterator[str]:
    """Rule 4: the flags fit one another and the signer is complete, or absent."""
    verification = _text(dataset, "VerificationFlag")
    if flags_of(dataset) is None:
        yield "CompletionFlag, VerificationFlag and PreliminaryFlag do not go together."
    signers = _items(dataset, "VerifyingObserverSequence")
    if verification == "VERIFIED":
        yield from _signers(signers)
    elif "VerifyingObserverSequence" in dataset:
        yield "An unverified document has a verifying observer."
    if verification != "VERIFIED" and _names_verifier(dataset):
        yield "An unverified document names somebody in the role Verifying."
    before = _referenced(dataset, ("PredecessorDocumentsSequence",))
    if _text(dataset, "SOPInstanceUID") in before:
        yield "The document names itself as its predecessor."


def _signers(signers: Sequence[Dataset]) -> Iterator[str]:
    if not signers:
        yield "A verified document has no verifying observer."
    for signer in signers:
        for keyword in ("VerifyingObserverName", "VerifyingOrganization"):
            if not _text(signer, keyword):
                yield f"{keyword} of the signer is empty."
        if not _DATE_TIME.fullmatch(_text(signer, "VerificationDateTime")):
            yield "VerificationDateTime is no time with an offset from UTC."
        if "VerifyingObserverIdentificationCodeSequence" not in signer:
            yield "VerifyingObserverIdentificationCodeSequence is absent."


def _names_verifier(dataset: Dataset) -> bool:
    return any(
        codes.VERIFYING.names(value)
        for here in tree.walk(dataset)
        for value in here.item.get("ConceptCodeSequence") or ()
    )


def label(dataset: Dataset, evidence: Sequence[Dataset]) -> Iterator[str]:
    """Rule 5, and our own: what is unsigned says so, and everything says research use only."""
    description = _text(dataset, "SeriesDescription")
    texts = [here.text for here in tree.walk(dataset) if here.value_type == "TEXT"]
    if len(description) > 64:
        yield "SeriesDescription is longer than 64 characters."
    if RESEARCH_TITLE not in description:
        yield f"SeriesDescription does not say “{RESEARCH_TITLE}”."
    if not any(RESEARCH_TITLE in text for text in texts):
        yield f"No paragraph says “{RESEARCH_TITLE}”."
    if _text(dataset, "VerificationFlag") == "VERIFIED":
        labels = (DRAFT_TITLE, PRELIMINARY_TITLE)
        if any(one in description for one in labels) or any(
            text.startswith(labels) for text in texts
        ):
            yield "A verified document still carries the label of a draft."
        return
    if is_released(dataset):
        if not description.startswith(PRELIMINARY_TITLE):
            yield f"SeriesDescription does not begin “{PRELIMINARY_TITLE}”."
        if not any(text.startswith(PRELIMINARY_TITLE) for text in texts):
            yield "No paragraph says that the document is preliminary."
        return
    if not description.startswith(DRAFT_TITLE):
        yield f"SeriesDescription does not begin “{DRAFT_TITLE}”."
    places = [description, _text(dataset, "CompletionFlagDescription"), *texts]
    if not any(_BY_MACHINE.search(one) and _NOT_FINAL.search(one) for one in places):
        yield "Nothing readable says that the document is by AI and not verified."


def device(dataset: Dataset, evidence: Sequence[Dataset]) -> Iterator[str]:
    """Rule 6: a device observer with model name and version."""
    devices = list(_device_observers(dataset))
    if not devices:
        yield "No device observer is named."
    for texts in devices:
        model = texts.get(codes.DEVICE_MODEL.value, "")
        name = texts.get(codes.DEVICE_NAME.value, "")
        if not (model or name):
            yield "A device observer has no model name."
        serial = texts.get(codes.DEVICE_SERIAL.value, "")
        if not (name.removeprefix(model).strip() or serial.startswith("sha256:")):
            yield "A device observer has no model version."
        if codes.DEVICE_UID.value not in texts:
            yield "A device observer has no UID."


def _device_observers(dataset: Dataset) -> Iterator[dict[str, str]]:
    """Code value and text of the items of each device observer under the root."""
    found: list[dict[str, str]] = []
    is_device = False
    for item in dataset.get("ContentSequence") or ():
        here = tree.Visited(item, dataset, 2, "")
        value = codes.code_key(here.concept)[0]
        if codes.OBSERVER_TYPE.names(here.concept):
            kinds = item.get("ConceptCodeSequence") or ()
            is_device = any(codes.DEVICE.names(kind) for kind in kinds)
            if is_device:
                found.append({})
        elif is_device and item.get("RelationshipType") == tree.HAS_OBSERVATION_CONTEXT:
            found[-1][value] = here.text or _text(item, "UID")
    yield from found


def _content(dataset: Dataset, evidence: Sequence[Dataset]) -> Iterator[str]:
    """Rule 7: language, sections, texts and codes."""
    root = dataset.get("ContentSequence") or ()
    concepts = [tree.Visited(item, dataset, 2, "").concept for item in root]
    if not any(codes.LANGUAGE.names(concept) for concept in concepts):
        yield "The language item is missing."
    for here in tree.walk(dataset):
        if here.depth == 2 and here.value_type == "CONTAINER":
            yield from _section(here)
    yield from texts_and_codes(dataset)


def texts_and_codes(dataset: Dataset) -> Iterator[str]:
    """No empty text, no lost character, every code whole."""
    for here in tree.walk(dataset):
        if here.value_type == "TEXT":
            if not here.text.strip():
                yield f"The TEXT at {here.position} is empty."
            if "\ufffd" in here.text:
                yield f"The TEXT at {here.position} holds a lost character (U+FFFD)."
        for keyword in ("ConceptNameCodeSequence", "ConceptCodeSequence"):
            for code in here.item.get(keyword) or ():
                yield from _code(code, here.position)


def _section(here: tree.Visited) -> Iterator[str]:
    if not any(heading.names(here.concept) for heading in codes.HEADINGS):
        yield f"The section at {here.position} has a heading that is none of CID 7001."
    children = here.item.get("ContentSequence") or ()
    if not children:
        yield f"The section at {here.position} is empty."
    for child in children:
        concept = tree.Visited(child, here.item, 3, "").concept
        if not any(element.names(concept) for element in codes.ELEMENTS):
            yield f"An item of the section at {here.position} is none of CID 7002."


def _code(code: Dataset, position: str) -> Iterator[str]:
    value, scheme = codes.code_key(code)
    meaning = _text(code, "CodeMeaning")
    if not (value and scheme):
        yield f"A code at {position} has no value or no scheme."
    if not meaning or len(meaning) > 64:
        yield f"A code at {position} has no meaning of 1 to 64 characters."
    if scheme.startswith("99") and scheme != "99WETREAD":
        yield f"A code at {position} is of a private scheme that is not ours."


def images(dataset: Dataset, evidence: Sequence[Dataset]) -> Iterator[str]:
    """Rule 8: references and evidence agree."""
    current = _referenced(dataset, ("CurrentRequestedProcedureEvidenceSequence",))
    other = _referenced(dataset, ("PertinentOtherEvidenceSequence",))
    if not current:
        yield "No image of the study is given as evidence."
    elif _source(dataset, evidence) is None:
        yield "The image that the report is about is not in its evidence."
    for here in tree.walk(dataset):
        if here.value_type in ("IMAGE", "COMPOSITE"):
            for reference in here.item.get("ReferencedSOPSequence") or ():
                if _text(reference, "ReferencedSOPInstanceUID") not in (*current, *other):
                    yield f"The image at {here.position} is in no evidence sequence."


def _form(dataset: Dataset, evidence: Sequence[Dataset]) -> Iterator[str]:
    """Rules 9 and 10: Basic Text alone, depth, offset and character set."""
    allowed = {"CONTAINER", "TEXT", "CODE", "PNAME", "UIDREF", "DATE", "TIME", "DATETIME"}
    for here in tree.walk(dataset):
        if here.depth > DEEPEST:
            yield f"The document is deeper than {DEEPEST} levels at {here.position}."
            break
        if here.value_type not in allowed | {"IMAGE", "COMPOSITE", "WAVEFORM"}:
            yield f"A Basic Text SR has no {here.value_type or 'untyped'} item ({here.position})."
    yield from offset_and_charset(dataset)


def offset_and_charset(dataset: Dataset) -> Iterator[str]:
    """Rule 10: the offset from UTC has its form, and texts are in UTF-8."""
    offset = _text(dataset, "TimezoneOffsetFromUTC")
    if "TimezoneOffsetFromUTC" in dataset and not _OFFSET.fullmatch(offset):
        yield "TimezoneOffsetFromUTC does not have the form ±HHMM."
    if _text(dataset, "SpecificCharacterSet") != "ISO_IR 192":
        yield "SpecificCharacterSet is not ISO_IR 192."


_RULES: tuple[Rule, ...] = (
    uids,
    identity,
    _root,
    state,
    label,
    device,
    _content,
    images,
    _form,
)
