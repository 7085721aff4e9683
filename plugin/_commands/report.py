"""`wetread draft` and `wetread sign`: the report without a window."""

from __future__ import annotations

import argparse
import getpass
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import pydicom

from dicom_io.audit import Event
from dicom_io.errors import NotDicom, NothingFound, SigningProblem, UndecidedSentences
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.pacs.cache import Cache
from dicom_io.pacs.outbox import Outbox
from dicom_io.report import sr
from dicom_io.report.document import Reader, ReportDocument, Sentence
from dicom_io.report.drafts import Drafts, load_draft
from dicom_io.report.finish import Credential, finish
from dicom_io.report.header import Software
from dicom_io.report.plain import as_text
from dicom_io.report.signing import Readers
from dicom_io.storage import write_safely
from plugin._batch import draft_batch
from plugin._commands.context import NODE_TEXT, Context, UsageProblem
from plugin._commands.film import choose_frame, film_of_study
from plugin._commands.network import deliver
from plugin._drafting import draft_report


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the two commands."""
    draft = commands.add_parser("draft", help="let the model draft a report; it stays here")
    draft.add_argument("film", nargs="?", default="", metavar="FILE|STUDY_UID")
    draft.add_argument("--frame", type=int, default=1, help="from 1")
    draft.add_argument("--out", type=Path, metavar="REPORT.dcm", help="or, with --batch, OUT.jsonl")
    draft.add_argument("--batch", type=Path, metavar="IN.jsonl")
    draft.set_defaults(run=run_draft)

    sign = commands.add_parser("sign", help="decide on each sentence and sign a draft")
    sign.add_argument("draft", metavar="DRAFT", help="its id, its file, or its unsigned report.dcm")
    sign.add_argument("--accept", default="", metavar="all|IDS", help="sentences, by id")
    sign.add_argument("--reject", default="", metavar="all|IDS")
    sign.add_argument("--reader", default="", metavar="FAMILY^GIVEN")
    sign.add_argument("--organization", default="")
    sign.add_argument(
        "--credential-from-stdin", action="store_true", help="read the credential from one line"
    )
    sign.add_argument("--out", type=Path, default=Path("report.dcm"), metavar="REPORT.dcm")
    sign.add_argument("--node", default="", help=f"store it there too: {NODE_TEXT}")
    sign.set_defaults(run=run_sign)


def run_draft(arguments: argparse.Namespace, context: Context) -> int:
    """Draft one film, or a list of them."""
    if arguments.batch:
        return run_batch(arguments, context)
    if not arguments.film:
        raise UsageProblem("Say what to draft: a FILE, a STUDY_UID, or --batch IN.jsonl.")
    cache = Cache(context.root)
    frame = find_film(cache, arguments.film, arguments.frame)
    client = context.client()
    document: ReportDocument | None = None
    for stage in draft_report(frame, client.ask, model=client.folder):
        document = stage
    if document is None:
        raise NothingFound("The model gave no draft for this image.")
    Drafts(context.root.drafts).save(document)
    context.audit.record(
        Event.ACCESSED_BY_MODEL, frame.identity, model=client.identity.name, draft=document.id
    )
    if arguments.out:
        report = sr.build(document, (frame.header,), Software.installed())
        sr.write(report, arguments.out)
    show_draft(context, document, arguments.out)
    cache.close()
    return 0


def show_draft(context: Context, document: ReportDocument, out: Path | None) -> None:
    """The draft as text, or as its sentences for a program."""
    saved = f"Draft {document.id}" + (f", unsigned report in {out}" if out else "")
    context.printer.say(
        f"{as_text(document)}\n{saved}. Sign it with: wetread sign {document.id}",
        draft=document.id,
        out=str(out) if out else None,
        sentences=[
            {
                "id": sentence.id,
                "section": section.kind.value,
                "text": sentence.text,
                "probability": sentence.probability,
                "note": sentence.note,
            }
            for section in document.sections
            for sentence in section.sentences
        ],
    )


def find_film(cache: Cache, named: str, number: int) -> ImageFrame:
    """The frame of a file, or the first image of a study that was fetched.

    A file is taken into the cache too, so that its draft can be signed later.
    """
    path = Path(named)
    if not path.exists() and named.replace(".", "").isdigit():
        return film_of_study(cache, named)
    frame = choose_frame(path, number)
    if "SOPClassUID" in frame.header:
        keep(cache, path, frame.identity)
    return frame


def keep(cache: Cache, path: Path, identity: Identity) -> None:
    """Copy a DICOM file into the cache, unless it is there."""
    try:
        cache.file(identity.of_frame(0))
    except NothingFound:
        kept = cache.study_folder(identity.study) / f"{identity.instance}.dcm"
        shutil.copyfile(path, kept)
        cache.add(kept)


def run_batch(arguments: argparse.Namespace, context: Context) -> int:
    """Draft every film of a list; what is done already is left alone."""
    if not arguments.out:
        raise UsageProblem("--batch needs --out OUT.jsonl for its results.")
    client = context.client()
    for step in draft_batch(arguments.batch, arguments.out, client.ask, model=client.folder):
        context.printer.progress(f"{step.number} of {step.total}: {step.line.get('id')}")
    context.printer.say(f"Done: {arguments.out}", out=str(arguments.out))
    return 0


def run_sign(arguments: argparse.Namespace, context: Context) -> int:
    """Decide, prove who signs, sign, write; with --node store and verify."""
    if arguments.out.exists():
        raise UsageProblem(f"{arguments.out} exists. Choose another name with --out.")
    node = context.node(arguments) if arguments.node else None
    document = decide(find_draft(context, arguments.draft), arguments, context)
    drafts = Drafts(context.root.drafts)
    drafts.save(document)
    cache = Cache(context.root)
    evidence = [open_frames(cache.file(one.of_frame(0)))[0].header for one in seen(document)]
    readers = Readers(context.root.folder / "readers.json")
    signed, body = finish(document, ask_credential(arguments, context, readers), readers, evidence)
    write_safely(arguments.out, body)
    reader = signed.reader.name if signed.reader else ""
    context.audit.record(Event.VERIFIED, signed.identity, user=reader, draft=document.id)
    context.printer.say(
        f"{as_text(signed)}\nSigned: {arguments.out}",
        out=str(arguments.out),
        draft=document.id,
        reader=reader,
        signed_at=signed.signed_at,
    )
    if node is not None:
        outbox = Outbox(context.root.outbox)
        deliver(context, node, outbox, outbox.put(body, signed.identity, node))
    drafts.save(signed)
    cache.close()
    return 0


def seen(document: ReportDocument) -> Iterable[Identity]:
    """The images that the report rests on, each instance once."""
    return dict.fromkeys(one.of_frame(0) for one in document.evidence or (document.identity,))


def find_draft(context: Context, named: str) -> ReportDocument:
    """The draft of that id, in that file, or behind that unsigned report."""
    path = Path(named)
    drafts = Drafts(context.root.drafts)
    if not path.exists():
        return drafts.load(named)
    if path.suffix == ".json":
        return load_draft(path)
    try:
        report = pydicom.dcmread(path)
    except (pydicom.errors.InvalidDicomError, OSError, EOFError) as error:
        raise NotDicom(f"{path} is neither a draft nor a DICOM report.", path) from error
    own = drafts.of_study(Identity.of(report))
    if not own:
        raise NothingFound(f"The draft behind {path} is not on this workstation. Draft it again.")
    return own[0]


def decide(
    document: ReportDocument, arguments: argparse.Namespace, context: Context
) -> ReportDocument:
    """Accept and reject as the options say, then ask about each sentence that is left."""
    left = document.undecided()
    for option in ("accept", "reject"):
        wanted = getattr(arguments, option)
        names = {one.strip() for one in wanted.split(",") if one.strip()}
        for sentence in left:
            if wanted == "all" or sentence.id in names:
                decided = sentence.accepted() if option == "accept" else sentence.rejected()
                document = document.with_sentence(decided)
        left = document.undecided()
    if left and (context.printer.as_json or not sys.stdin.isatty()):
        raise UndecidedSentences(
            f"{len(left)} sentences are left to decide. Name them with --accept and --reject, "
            "or sign at a terminal, where each is asked for."
        )
    for sentence in left:
        document = document.with_sentence(ask_about(sentence))
    return document


def ask_about(sentence: Sentence) -> Sentence:
    """What the person at the terminal says of one suggested sentence."""
    while True:
        said = input(f"{sentence.text}\n  [a]ccept, [e]dit, [r]eject? ").strip().lower()
        if said in ("a", "accept"):
            return sentence.accepted()
        if said in ("r", "reject"):
            return sentence.rejected()
        if said in ("e", "edit"):
            text = input("  your words: ").strip()
            if text:
                return sentence.edited(text)


def ask_credential(arguments: argparse.Namespace, context: Context, readers: Readers) -> Credential:
    """Name, organisation and credential from the options, the settings, or the terminal."""
    settings = context.settings.reader
    name = arguments.reader or settings.name or ask("Reader (Family^Given): ")
    known = {reader.name: reader for reader in readers.readers()}
    if name in known:
        return Credential(known[name], read_secret(arguments, f"Credential of {name}: "))
    organization = arguments.organization or settings.organization or ask("Organisation: ")
    secret = read_secret(arguments, f"Choose a credential for {name}: ")
    if not arguments.credential_from_stdin and secret != getpass.getpass("Once more: "):
        raise SigningProblem("The two credentials differ. Nothing was signed; try again.")
    return Credential(Reader(name, organization), secret, enrols=True)


def ask(question: str) -> str:
    """A line from the terminal. Raises SigningProblem when nobody is there."""
    if not sys.stdin.isatty():
        raise SigningProblem("Nobody is at the terminal: give --reader and --organization.")
    return input(question).strip()


def read_secret(arguments: argparse.Namespace, question: str) -> str:
    """The credential, never shown and never on the command line."""
    if arguments.credential_from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise SigningProblem("Nobody is at the terminal: use --credential-from-stdin.")
    return getpass.getpass(question)
