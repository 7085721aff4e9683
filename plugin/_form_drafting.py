"""Draft from a template: its closed questions in one batch, each answer a sentence of its field."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

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
from dicom_io.report.template.shelf import fitting
from dicom_io.report.template.template import CANNOT_ASSESS, Field, Template
from dicom_io.source import never
from model_backend.folder import ModelFolder
from model_backend.request import CHOICE, FINDINGS, Answer, Ask, Refusal, Request
from plugin._controlled import Controls
from plugin._drafting import DraftRefused
from plugin._gate import why_not_this_picture
from plugin._prompts import YES_NO, domain_note, why_no_draft
from plugin._reply import UNCALIBRATED
from plugin._seen import Seen, look, record


@dataclass(frozen=True)
class _Put:
    """A field's question as it was put to the model."""

    field: Field
    kind: SectionKind
    request: Request


def best_template(
    templates: tuple[Template, ...], frame: ImageFrame, language: str = ""
) -> Template:
    """The narrowest template with questions for such an image. Raises DraftRefused."""
    for one in fitting(templates, frame.header, language):
        if one.questions():
            return one
    raise DraftRefused("No draft: no template with questions for a model fits this image.")


def draft_from_template(
    frame: ImageFrame,
    ask: Ask,
    *,
    model: ModelFolder,
    template: Template,
    window: Window | None = None,
    seed: int = 0,
    stop: Callable[[], bool] = never,
) -> Iterator[ReportDocument]:
    """The draft as answers arrive, in the template's order; the last document is complete.

    Every field that is bound to a question is asked, all in one batch on one picture. The answer
    chooses the field's sentence; where its calibrated probability is below the field's threshold it
    is the one for "cannot assess", and nothing where the field has none. A refused question leaves
    its field out. With fitted margins the control questions are in the batch too, and the last
    document says which answers hardly moved. Raises DraftRefused when the model will draft nothing
    here, FileProblem and ModelError.
    """
    if CHOICE not in model.tasks:
        raise DraftRefused(f"The model {model.name} answers no closed questions. Choose another.")
    drafting = replace(model, tasks=(*model.tasks, FINDINGS))  # its own list of them is not used
    if reason := why_no_draft(frame, drafting):
        raise DraftRefused(reason)
    seen = look(frame, window, model=model)
    if reason := why_not_this_picture(seen, drafting):
        raise DraftRefused(reason)
    put = [
        _Put(field, section.kind, _request(seen, field, seed))
        for section in template.sections
        for field in section.fields
        if field.question is not None
    ]
    if not put:
        raise DraftRefused(f"The template {template.title} asks a model nothing.")
    answers: dict[str, tuple[Sentence | None, Asked]] = {}
    document, refused = new_id(), ""
    by_request = {one.request.id: one for one in put}
    requests = [one.request for one in put]
    controls = Controls.of(model, requests)
    given: list[Answer] = []
    for event in controls.aside(ask([*requests, *controls.requests], stop)):
        match event:
            case Refusal(reason=reason):
                refused = reason
            case Answer(request=name):
                given.append(event)
                answers[name] = _answered(seen, by_request[name], event)
                yield _document(seen, template, put, answers, document)
    if refused and not answers:
        raise DraftRefused(refused)
    if controls.margins and answers and not stop():
        for answer in given:
            if controls.is_flagged(by_request[answer.request].request, answer):
                answers[answer.request] = _flagged(answers[answer.request])
        yield _document(seen, template, put, answers, document)


def _request(seen: Seen, field: Field, seed: int) -> Request:
    assert field.question is not None
    candidates = tuple(one for one in field.answers() if one.casefold() != CANNOT_ASSESS)
    if set(candidates) == set(YES_NO):
        candidates = YES_NO  # in the order of every other question
    return Request(CHOICE, (seen.image,), field.question.text, candidates, seed=seed)


def _answered(seen: Seen, put: _Put, answer: Answer) -> tuple[Sentence | None, Asked]:
    """The sentence of an answer (none where the field has none for it), and what was asked."""
    field, question = put.field, put.field.question
    assert question is not None
    shares = dict(zip(put.request.candidates, answer.probabilities or (), strict=False))
    share = shares.get(answer.text) if answer.calibrated else None
    text = field.sentence_for(answer.text, 1.0 if share is None else share)
    is_unsure = share is not None and share < question.threshold
    said = CANNOT_ASSESS if is_unsure else answer.text
    asked = record(seen, put.request, answer.model, said, question.about)
    if not text:
        return None, asked
    notes = (domain_note(seen.frame), "" if answer.calibrated else UNCALIBRATED)
    sentence = Sentence(
        id=new_id(),
        text=text,
        origin=Origin.AI,
        state=Decision.SUGGESTED,
        probability=None if is_unsure else share,
        request=put.request.id,
        note=", ".join(note for note in notes if note),
    )
    return sentence, asked


def _flagged(answered: tuple[Sentence | None, Asked]) -> tuple[Sentence | None, Asked]:
    """The same, with a word that the answer hardly moves when the picture is taken away."""
    sentence, asked = answered
    if sentence is None:
        return answered
    notes = [one for one in (sentence.note, SAME_ON_NOISE) if one]
    return replace(sentence, note=", ".join(notes)), asked


def _document(
    seen: Seen,
    template: Template,
    put: list[_Put],
    answers: dict[str, tuple[Sentence | None, Asked]],
    identifier: str,
) -> ReportDocument:
    """What is answered so far, in the template's order."""
    sections: dict[SectionKind, list[Sentence]] = {}
    asked: list[Asked] = []
    for one in put:
        sentence, request = answers.get(one.request.id, (None, None))
        if sentence is not None and request is not None:
            sections.setdefault(one.kind, []).append(sentence)
            asked.append(request)
    identity = seen.frame.identity
    return ReportDocument(
        identity=identity.of_frame(0),
        language=template.language,
        sections=tuple(Section(kind, tuple(texts)) for kind, texts in sections.items()),
        evidence=(identity,),
        asked=tuple(asked),
        id=identifier,
    )
