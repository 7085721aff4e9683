"""`wetread demo`: the whole loop on the embedded archive, step by step, no screen needed."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from dicom_io.audit import Event
from dicom_io.errors import NothingFound
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.cache import Cache
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.index import ReportStatus
from dicom_io.pacs.outbox import Item, Outbox
from dicom_io.pacs.samples import chest_film, sample_files
from dicom_io.report.document import (
    Reader,
    ReportDocument,
    Section,
    SectionKind,
    Sentence,
    human_sentence,
)
from dicom_io.report.drafts import Drafts
from dicom_io.report.finish import Credential, finish
from dicom_io.report.plain import as_text
from dicom_io.report.signing import Readers
from dicom_io.settings import Settings
from dicom_io.source import Query
from dicom_io.storage import DataRoot, write_safely
from dicom_io.study import Study
from plugin._answering import answer_question
from plugin._commands.context import Context, made_folder
from plugin._commands.film import film_of_study
from plugin._commands.network import deliver
from plugin._commands.screen import has_screen
from plugin._drafting import draft_report
from plugin._reply import Reply

READER = Reader("Demo^Reader", "DEMONSTRATION")
SECRET = "demonstration"  # the demo's reader is nobody, and this signs nothing but the demo
QUESTIONS = ("is there pneumonia?", "is this an image of the chest?")
SURE = 0.7  # the demo accepts a suggestion at least this probable, and rejects the others


@dataclass(frozen=True)
class Place:
    """What the steps of the demo work with."""

    context: Context
    archive: Archive
    source: DimseSource
    out: Path

    @property
    def root(self) -> DataRoot:
        return self.context.root


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "demo",
        help="the whole loop on the embedded archive",
        description="The whole loop on an embedded archive with sample studies: find, fetch, "
        "draft, ask, sign, store, read back. Needs no screen; where there is one, the window "
        "opens at the end.",
    )
    command.add_argument(
        "--out",
        type=Path,
        default=Path("wetread-demo"),
        metavar="DIR",
        help="for report.dcm, report.txt and window.png; by default wetread-demo",
    )
    command.add_argument("--no-window", action="store_true", help="do not open it at the end")
    command.set_defaults(run=run_demo)


def run_demo(arguments: argparse.Namespace, context: Context) -> int:
    """Find, fetch, draft, ask, sign, store, read back; then show it where there is a screen."""
    root = DataRoot(context.root.folder / "demo").create()
    context = replace(context, root=root, given=Settings())
    made_folder(arguments.out)
    with Archive(root.folder / "archive") as archive:
        source = DimseSource(archive.node)
        place = Place(context, archive, source, arguments.out)
        study = run_loop(place)
        picture = arguments.out / "window.png"
        photograph(place, study, picture)
        step(context, f"Window: {picture}", step="window", picture=str(picture))
        if has_screen() and not arguments.no_window:
            uid = study.identity.study
            context.open_window(
                root, lambda: context.settings, lambda: [source], open_study=uid, list_all=True
            )
    return 0


def step(context: Context, text: str, **fields: object) -> None:
    """One line of the demo's story."""
    context.printer.say(text, **fields)


def run_loop(place: Place) -> Study:
    """The reading, from the archive and back to it. Returns the study that was reported."""
    context = place.context
    count = place.archive.add(sample_files())
    node = place.archive.node
    step(
        context,
        f"Archive: {node.address} holds {count} objects",
        step="archive",
        node=node.address,
        objects=count,
    )
    study = find(place)
    frame = fetch(place, study)
    document = draft(place, frame)
    replies = [question(place, frame, text) for text in QUESTIONS]
    document = decide(place, document, replies)
    item = sign_and_store(place, document, frame)
    step(
        context,
        f"In PACS, verified at {item.verified_at}: {item.uid}",
        step="verified",
        uid=item.uid,
        state=str(item.state),
        out=str(place.out),
    )
    return study


def find(place: Place) -> Study:
    """C-FIND, and the study of the chest film among the answers."""
    wanted = Identity.of(open_frames(chest_film())[0].header)
    found = [one.study for one in place.source.find(Query()) if one.study is not None]
    place.context.audit.record(Event.QUERY, node=place.source.name, count=len(found))
    step(place.context, f"Find: {len(found)} studies (C-FIND)", step="find", studies=len(found))
    for study in found:
        if study.identity.study == wanted.study:
            return study
    raise NothingFound("The archive did not find the chest film that was put into it.")


def fetch(place: Place, study: Study) -> ImageFrame:
    """C-GET the study into the cache."""
    cache = Cache(place.root)
    for event in cache.fetch(place.source, study.identity.study):
        megabytes = event.bytes / 1e6
        step(
            place.context,
            f"Fetch: {event.completed} of {event.completed + max(event.remaining, 0)} "
            f"({megabytes:.1f} MB, C-GET)",
            step="fetch",
            completed=event.completed,
            bytes=event.bytes,
        )
    place.context.audit.record(Event.RECEIVED, study.identity, node=place.source.name)
    frame = film_of_study(cache, study.identity.study)
    cache.close()
    return frame


def draft(place: Place, frame: ImageFrame) -> ReportDocument:
    """Words as they come, then the whole draft with a probability a sentence."""
    context = place.context
    models = context.models()
    model, ask = models.folder("reports"), models.asker("reports")
    context.printer.progress("Draft: the model starts")
    document: ReportDocument | None = None
    told = 0
    for document in draft_report(frame, ask, model=model):
        whole = document.sentences()[:-1]  # the last one may still grow
        if len(whole) > told:
            context.printer.progress(f"Draft: {whole[-1].text}")
            told = len(whole)
    if document is None:
        raise NothingFound("The model gave no draft.")
    context.audit.record(Event.ACCESSED_BY_MODEL, frame.identity, model=model.name)
    for sentence in document.sentences():
        known = f"{sentence.probability:.2f}" if sentence.probability is not None else "–"
        step(
            context,
            f"Draft: {known}  {sentence.text}" + (f"  ({sentence.note})" if sentence.note else ""),
            step="draft",
            sentence=sentence.text,
            probability=sentence.probability,
            note=sentence.note,
        )
    return document


def question(place: Place, frame: ImageFrame, text: str) -> Reply:
    """One question about the whole film."""
    models = place.context.models()
    model = models.folder("answers")
    reply = list(answer_question(frame, text, models.ask, model=model))[-1]
    known = f" ({reply.probability:.2f})" if reply.probability is not None else ""
    step(
        place.context,
        f"Ask: {text} {reply.refusal or reply.text}{known}",
        step="ask",
        question=text,
        answer=reply.text,
        probabilities=dict(reply.probabilities),
    )
    return reply


def decide(place: Place, document: ReportDocument, replies: list[Reply]) -> ReportDocument:
    """Insert the answers, accept what is likely, reject the rest, add a line of the reader's own.

    The likeliest sentence is accepted in any case, so that the report shows whom it names.
    """
    answers = [reply for reply in replies if reply.is_final and not reply.refusal]
    findings = document.section(SectionKind.FINDINGS).sentences
    findings += tuple(reply.as_sentence() for reply in answers)
    document = document.with_section(Section(SectionKind.FINDINGS, findings))
    asked = tuple(reply.asked for reply in answers if reply.asked is not None)
    document = replace(document, asked=(*document.asked, *asked))

    left = document.undecided()
    likeliest = max((likelihood(sentence) for sentence in left), default=0.0)
    accepted = rejected = 0
    for sentence in left:
        likely = likelihood(sentence) >= min(SURE, likeliest) > 0
        document = document.with_sentence(sentence.accepted() if likely else sentence.rejected())
        accepted, rejected = accepted + likely, rejected + (not likely)
    findings = document.section(SectionKind.FINDINGS).sentences
    own = human_sentence("Demonstration: nobody has read this film.")
    document = document.with_section(Section(SectionKind.FINDINGS, (*findings, own)))
    step(
        place.context,
        f"Decide: {accepted} accepted, {rejected} rejected, 1 written",
        step="decide",
        accepted=accepted,
        rejected=rejected,
    )
    return document


def likelihood(sentence: Sentence) -> float:
    """Its probability; 0 where it has none, or where a check speaks against it."""
    return 0.0 if sentence.note else sentence.probability or 0.0


def sign_and_store(place: Place, document: ReportDocument, frame: ImageFrame) -> Item:
    """Sign, build and check the SR, queue it, store it, fetch it back and compare."""
    context = place.context
    readers = Readers(place.root.folder / "readers.json")
    credential = Credential(READER, SECRET, enrols=True)
    done = finish(document, credential, readers, (frame.header,))
    signed, body = done.document, done.report
    context.audit.record(Event.VERIFIED, signed.identity, user=READER.name)
    write_safely(place.out / "report.dcm", body)
    write_safely(place.out / "report.txt", as_text(signed).encode("utf-8"))
    step(
        context,
        f"Sign: {READER.name} of {READER.organization}; {place.out / 'report.dcm'}, "
        f"{place.out / 'report.txt'}",
        step="sign",
        reader=READER.name,
        report=str(place.out / "report.dcm"),
        plain=str(place.out / "report.txt"),
    )
    outbox = Outbox(place.root.outbox)
    item = outbox.put(body, signed.identity, place.archive.node)
    item = deliver(context, place.archive.node, outbox, item)
    Drafts(place.root.drafts).save(signed)
    cache = Cache(place.root)
    cache.set_report(signed.identity.study, ReportStatus.IN_PACS, READER.name)
    cache.close()
    return item


def photograph(place: Place, study: Study, picture: Path) -> None:
    """The window on that study drawn into a file, by a process of its own that needs no screen."""
    command = [
        *(sys.executable, "-m", "plugin", "--home", str(place.root.folder)),
        *("window", "--study", study.identity.study, "--list-all"),
        *("--node", place.archive.node.address, "--picture", str(picture)),
    ]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not picture.exists():
        said = done.stderr.strip().splitlines()
        why = f"code {done.returncode}: {said[-1] if said else 'no reason'}"
        raise NothingFound(f"The window could not be drawn ({why}).")
