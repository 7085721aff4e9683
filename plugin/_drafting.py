"""Draft the findings of a film: words as they come, then each sentence with its probability."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dicom_io.image.frame import ImageFrame
from dicom_io.image.render import Window
from dicom_io.report.document import (
    Asked,
    Decision,
    Origin,
    ReportDocument,
    Section,
    SectionKind,
    Sentence,
    new_id,
)
from dicom_io.report.doubts import SAME_ON_NOISE
from dicom_io.source import never
from model_backend.folder import Finding, ModelFolder
from model_backend.request import (
    CHOICE,
    FINDINGS,
    Answer,
    Ask,
    Decoding,
    ModelError,
    Refusal,
    Request,
    Token,
)
from model_backend.sentences import is_whole, split_sentences
from plugin._controlled import Controls
from plugin._gate import why_not_this_picture
from plugin._prompts import DESCRIBE, YES_NO, domain_note, why_no_draft
from plugin._reply import UNCALIBRATED
from plugin._seen import Seen, look, record

DRAFTING = Decoding(max_tokens=160)
NORMAL = "normal"  # the name of the finding that sums the others up


class DraftRefused(ModelError):
    """The model, or the gate before it, will not draft this image; str() says why."""

    model = ""  # whose refusal it is, once that is known
    version = ""


@dataclass(frozen=True)
class Verdict:
    """The answer to the closed question about one finding."""

    finding: Finding
    request: Request
    answer: Answer

    @property
    def yes(self) -> float:
        """The probability that the finding is present."""
        return self.answer.probabilities[0] if self.answer.probabilities else 0.0

    @property
    def is_present(self) -> bool:
        if self.answer.probabilities is None:  # a model that only says which answer it chose
            return self.answer.text == YES_NO[0]
        return self.yes >= self.finding.threshold

    def of(self, present: bool) -> float | None:
        """The probability of the sentence for that answer; None where it is not calibrated."""
        if not self.answer.calibrated or self.answer.probabilities is None:
            return None
        return self.yes if present else 1.0 - self.yes

    def sentence(self) -> str:
        return self.finding.sentence_present if self.is_present else self.finding.sentence_absent


@dataclass
class _Draft:
    """What has arrived so far, and the ids of the sentences that were shown already."""

    seen: Seen
    text: str = ""
    words: tuple[Request, Answer] | None = None  # the free text, once it has ended
    verdicts: dict[str, Verdict] = field(default_factory=dict)  # by the finding's name
    flagged: set[str] = field(default_factory=set)  # findings answered as without the picture
    document: str = field(default_factory=new_id)
    ids: list[str] = field(default_factory=list)

    def id_of(self, position: int) -> str:
        while len(self.ids) <= position:
            self.ids.append(new_id())
        return self.ids[position]


def draft_report(
    frame: ImageFrame,
    ask: Ask,
    *,
    model: ModelFolder,
    window: Window | None = None,
    decoding: Decoding = DRAFTING,
    seed: int = 0,
    stop: Callable[[], bool] = never,
) -> Iterator[ReportDocument]:
    """The draft as it grows; the last document is complete.

    The model describes the film in free text. In the same batch it answers the closed question of
    each finding in its list; where a sentence is one of the list's wordings, its probability is
    that of the answer, if that is calibrated. Findings that the closed questions find and the text
    left out are added, and the one called "normal" makes the impression. All sentences are
    suggestions by the AI, and their ids stay the same from one document to the next. Ends without
    the complete document when stopped. With fitted margins the control questions are in the batch
    too, and a sentence says where its answer hardly moved. Raises DraftRefused, FileProblem and
    ModelError.
    """
    if reason := why_no_draft(frame, model):
        raise DraftRefused(reason)
    draft = _Draft(look(frame, window, model=model))
    if reason := why_not_this_picture(draft.seen, model):
        raise DraftRefused(reason)
    describe, closed = _requests(draft.seen, model, decoding, seed)
    requests = [*([describe] if describe else []), *(request for _, request in closed)]
    controls = Controls.of(model, [request for _, request in closed])
    by_request = {request.id: (finding, request) for finding, request in closed}
    ended = 0
    refused = ""
    for event in controls.aside(ask([*requests, *controls.requests], stop)):
        match event:
            case Token(request=name, text=piece) if describe and name == describe.id:
                draft.text += piece
                yield _stage(draft, describe, model)
            case Refusal(request=name, reason=reason):
                if describe and name == describe.id:
                    raise DraftRefused(reason)
                refused = reason  # one question of the list is lost, and the draft is not
                ended += 1
            case Answer(request=name) if describe and name == describe.id:
                draft.words = (describe, event)
                draft.text = event.text
                ended += 1
            case Answer(request=name):
                finding, request = by_request[name]
                draft.verdicts[finding.name] = Verdict(finding, request, event)
                ended += 1
    if ended < len(requests) or stop():
        return
    draft.flagged = {
        name for name, v in draft.verdicts.items() if controls.is_flagged(v.request, v.answer)
    }
    if refused and draft.words is None and not draft.verdicts:
        raise DraftRefused(refused)
    yield _complete(draft)


def _requests(
    seen: Seen, model: ModelFolder, decoding: Decoding, seed: int
) -> tuple[Request | None, list[tuple[Finding, Request]]]:
    """The request for free text, and one closed question a finding; all on one picture."""
    describe = None
    if FINDINGS in model.tasks:
        prompt = model.prompts.get(FINDINGS, DESCRIBE)
        describe = Request(FINDINGS, (seen.image,), prompt, (), decoding, seed)
    findings = model.findings if CHOICE in model.tasks else ()
    closed = [
        (finding, Request(CHOICE, (seen.image,), finding.question, YES_NO, seed=seed))
        for finding in findings
    ]
    return describe, closed


def _stage(draft: _Draft, request: Request, model: ModelFolder) -> ReportDocument:
    """The draft while words are still coming; stopped here, it still names its model."""
    sentences = [
        _suggestion(draft.id_of(i), text, request=request.id)
        for i, text in enumerate(_distinct(split_sentences(draft.text)))
    ]
    asked = record(draft.seen, request, model.identity())
    return _document(draft, {SectionKind.FINDINGS: sentences}, (asked,))


def _complete(draft: _Draft) -> ReportDocument:
    written = _written(draft)
    impression = [sentence for sentence, name in written if name == NORMAL]
    findings = [sentence for sentence, name in written if name != NORMAL]
    told = {name for _, name in written}
    for verdict in _added(draft, told):
        sentence = _suggestion(
            new_id(),
            verdict.sentence(),
            request=verdict.request.id,
            probability=verdict.of(verdict.is_present),
            note=_note(
                draft,
                SAME_ON_NOISE if verdict.finding.name in draft.flagged else "",
                UNCALIBRATED if not verdict.answer.calibrated else "",
            ),
        )
        (impression if verdict.finding.name == NORMAL else findings).append(sentence)
    used = {sentence.request for sentence in (*findings, *impression)} | {
        verdict.request.id for name, verdict in draft.verdicts.items() if name in told
    }
    records = [
        record(draft.seen, v.request, v.answer.model, v.answer.text, v.finding.name)
        for v in draft.verdicts.values()
        if v.request.id in used
    ]
    if draft.words is not None:  # its text is in the sentences, as far as they are accepted
        request, answer = draft.words
        records.insert(0, record(draft.seen, request, answer.model))
    sections = {SectionKind.FINDINGS: findings, SectionKind.IMPRESSION: impression}
    return _document(draft, sections, tuple(records))


def _written(draft: _Draft) -> list[tuple[Sentence, str]]:
    """The sentences of the free text, each with the name of the finding it tells ("" for none)."""
    if draft.words is None:
        return []
    request, answer = draft.words
    texts = _distinct(split_sentences(draft.text))
    wordings = _wordings(draft.verdicts)
    sentences = []
    for position, text in enumerate(texts):
        verdict, present = wordings.get(_plain(text), (None, False))
        notes = []
        probability = verdict.of(present) if verdict is not None else None
        if verdict is None:
            notes.append(UNCALIBRATED)
        else:
            if verdict.finding.name in draft.flagged:
                notes.append(SAME_ON_NOISE)
            if present is not verdict.is_present:
                notes.append("the closed question says otherwise")
            if not verdict.answer.calibrated:
                notes.append(UNCALIBRATED)
        if answer.cut_off and position == len(texts) - 1 and not is_whole(text):
            notes.append("cut off")
        sentence = _suggestion(
            draft.id_of(position),
            text,
            request=request.id,
            probability=probability,
            note=_note(draft, *notes),
            basis=verdict.request.id if verdict and present is verdict.is_present else "",
        )
        sentences.append((sentence, verdict.finding.name if verdict else ""))
    return sentences


def _added(draft: _Draft, told: set[str]) -> list[Verdict]:
    """What the closed questions found and the free text does not tell.

    Absent findings are added only where there is no free text at all. The summary is added, unless
    it says that a film is normal on which something was found: then the reader sums up.
    """
    added = []
    for name, verdict in draft.verdicts.items():
        after = draft.verdicts.get(verdict.finding.after)
        depends = bool(verdict.finding.after) and not (after and after.is_present)
        if name in told or depends or not verdict.finding.drafted:
            continue
        if name == NORMAL or draft.words is None or verdict.is_present:
            added.append(verdict)
    found = any(one.is_present for one in added if one.finding.name != NORMAL)
    found = found or any(draft.verdicts[name].is_present for name in told - {"", NORMAL})
    return [one for one in added if not (found and one.finding.name == NORMAL and one.is_present)]


def _wordings(verdicts: Mapping[str, Verdict]) -> dict[str, tuple[Verdict, bool]]:
    """From a sentence, without case and full stop, to the finding and whether it is present."""
    table: dict[str, tuple[Verdict, bool]] = {}
    for verdict in verdicts.values():
        table.setdefault(_plain(verdict.finding.sentence_present), (verdict, True))
        table.setdefault(_plain(verdict.finding.sentence_absent), (verdict, False))
    return table


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(" .!")


def _distinct(texts: Sequence[str]) -> list[str]:
    """Without what was said before: small models like to repeat themselves."""
    return list(dict.fromkeys(texts))


def _note(draft: _Draft, *notes: str) -> str:
    return ", ".join(note for note in (domain_note(draft.seen.frame), *notes) if note)


def _suggestion(
    name: str,
    text: str,
    *,
    request: str,
    probability: float | None = None,
    note: str = "",
    basis: str = "",
) -> Sentence:
    return Sentence(
        id=name,
        text=text,
        origin=Origin.AI,
        state=Decision.SUGGESTED,
        probability=probability,
        request=request,
        note=note,
        basis=basis,
    )


def _document(
    draft: _Draft, sections: Mapping[SectionKind, Sequence[Sentence]], asked: tuple[Asked, ...]
) -> ReportDocument:
    identity = draft.seen.frame.identity
    return ReportDocument(
        identity=identity.of_frame(0),
        sections=tuple(
            Section(kind, tuple(sentences)) for kind, sentences in sections.items() if sentences
        ),
        evidence=(identity,),
        asked=asked,
        id=draft.document,
    )
