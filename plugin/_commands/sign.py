"""`wetread sign`: decide on each sentence, prove who signs, and write the signed report."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from pydicom.dataset import Dataset

from dicom_io.audit import Event
from dicom_io.errors import (
    FormatTooNew,
    FormatUnreadable,
    NothingFound,
    ReportProblem,
    SigningProblem,
    UndecidedSentences,
)
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.kept import Keeper
from dicom_io.pacs.cache import Cache
from dicom_io.pacs.node import Node
from dicom_io.pacs.outbox import Outbox
from dicom_io.report import sr
from dicom_io.report.beside import Beside, beside_of
from dicom_io.report.document import Decision, Origin, Reader, ReportDocument, ReportState, Sentence
from dicom_io.report.drafts import Drafts, load_draft
from dicom_io.report.finish import (
    NOTHING,
    Credential,
    Finished,
    finish,
    finish_preliminary,
)
from dicom_io.report.plain import as_text
from dicom_io.report.signing import Readers
from dicom_io.storage import write_safely
from plugin._commands.context import NODE_TEXT, Context, UsageProblem, require_place, several
from plugin._commands.network import deliver, read_report

ALL = "all"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "sign",
        help="decide on each sentence and sign a draft",
        description="Decide on each suggested sentence, prove who signs, and write the signed "
        "report. At a terminal everything that no option says is asked for.",
    )
    command.add_argument(
        "draft", metavar="DRAFT", help="its id, its JSON file, or its unsigned report.dcm"
    )
    command.add_argument(
        "--accept", default="", metavar="all|IDS", help="sentences by id, a,b,c; or all the others"
    )
    command.add_argument("--reject", default="", metavar="all|IDS", help="likewise")
    command.add_argument("--reader", default="", metavar="FAMILY^GIVEN", help="who signs")
    command.add_argument(
        "--organization", default="", help="of a reader who signs here for the first time"
    )
    command.add_argument(
        "--credential-from-stdin",
        action="store_true",
        help="read the credential from one line of the input, for programs",
    )
    command.add_argument(
        "--out",
        type=Path,
        default=Path("report.dcm"),
        metavar="REPORT.dcm",
        help="by default report.dcm; never written over",
    )
    command.add_argument(
        "--follows",
        type=Path,
        metavar="REPORT.dcm",
        help="of an addendum, or after --preliminary: the report before, where it is neither "
        "fetched nor in the outbox",
    )
    command.add_argument(
        "--preliminary",
        action="store_true",
        help="release it in the reader's name without a signature; the draft stays open",
    )
    command.add_argument("--node", default="", help=f"store it there too: {NODE_TEXT}")
    command.set_defaults(run=run_sign)


def run_sign(arguments: argparse.Namespace, context: Context) -> int:
    """Decide, prove who signs, sign, write; with --node store and verify."""
    require_place(arguments.out)
    if arguments.out.exists():
        raise UsageProblem(f"{arguments.out} exists. Choose another name with --out.")
    node = context.node(arguments) if arguments.node else None
    drafts = Drafts(context.root.drafts)
    document = find_draft(drafts, arguments.draft)
    if document.state is ReportState.SIGNED:
        raise ReportProblem("This report is signed already. Its file can be sent.")
    document = decide(document, arguments.accept, arguments.reject)
    document = ask_for_the_rest(document, context, drafts)
    evidence = headers_behind(document, context)
    readers = Readers(context.root.folder / "readers.json")
    beside = left_on_films(document, context)
    headers = [*evidence, *headers_of(beside, evidence, context)]
    if document.before:
        headers.append(followed(document, arguments.follows, context))
    credential = ask_credential(arguments, context, readers)
    if arguments.preliminary:
        done = finish_preliminary(document, credential, readers, headers)
        return hand_over_preliminary(done, credential.reader, arguments.out, node, context)
    done = finish(document, credential, readers, headers, beside)
    signed, body = done.document, done.report
    write_safely(arguments.out, body)
    others = write_beside(arguments.out, done)
    drafts.save(signed)  # before anything is sent: it cannot be signed a second time
    reader = signed.reader.name if signed.reader else ""
    context.audit.record(Event.VERIFIED, signed.identity, user=reader, draft=document.id)
    context.printer.say(
        f"{as_text(signed)}\nSigned: {', '.join(str(one) for one in (arguments.out, *others))}",
        out=str(arguments.out),
        beside=[str(one) for one in others],
        draft=document.id,
        reader=reader,
        signed_at=signed.signed_at,
    )
    if node is not None:
        outbox = Outbox(context.root.outbox)
        for content in (body, *done.beside):
            deliver(context, node, outbox, outbox.put(content, signed.identity, node))
    return 0


def hand_over_preliminary(
    done: Finished, reader: Reader, out: Path, node: Node | None, context: Context
) -> int:
    """Write the preliminary report and, with a node, store it; the draft remembers it."""
    document = done.document
    write_safely(out, done.report)
    Drafts(context.root.drafts).save(document)
    outbox = Outbox(context.root.outbox)
    context.audit.record(
        Event.EDITED, document.identity, user=reader.name, what="released", draft=document.id
    )
    context.printer.say(
        f"Released as preliminary, not signed: {out}\nSign it later with: "
        f"wetread sign {document.id} --follows {out}",
        out=str(out),
        draft=document.id,
        reader=reader.name,
        preliminary=document.preliminary,
    )
    if node is not None:
        deliver(context, node, outbox, outbox.put(done.report, document.identity, node))
    return 0


def left_on_films(document: ReportDocument, context: Context) -> Beside:
    """The measurements and key images that the reader left on the study in the window; they went
    with the report that an addendum follows."""
    if document.predecessor:
        return NOTHING
    try:
        kept = Keeper(context.root.presentations).load(document.identity)
    except (FormatTooNew, FormatUnreadable) as problem:
        context.printer.progress(f"Signed without marks and key images. {problem}")
        return NOTHING
    if kept is None:
        return NOTHING
    frames: list[ImageFrame] = []
    with closing(Cache(context.root)) as cache:
        marked = {one.identity for one in kept.annotations} | set(kept.key_images)
        for one in {image.of_frame(0) for image in marked}:
            with suppress(NothingFound):
                frames += open_frames(cache.file(one))
    return beside_of(kept.annotations, kept.key_images, frames)


def followed(document: ReportDocument, named: Path | None, context: Context) -> Dataset:
    """The report that an addendum follows, or the preliminary one that was released before.
    Raises NothingFound, ReportProblem."""
    if named is not None:
        report = read_report(named)
        if str(report.get("SOPInstanceUID") or "") != document.before:
            raise ReportProblem(f"{named} is not the report that this one follows.")
        return report
    for item in Outbox(context.root.outbox).items():
        if item.uid == document.before:
            return read_report(item.path)
    with closing(Cache(context.root)) as cache, suppress(NothingFound):
        for instance in cache.instances(document.identity.study):
            if instance.identity.instance == document.before:
                return read_report(cache.file(instance.identity))
    raise NothingFound(
        "The report that this one follows is not on this workstation. Fetch its study, or "
        "name it with --follows REPORT.dcm."
    )


def headers_of(beside: Beside, evidence: Iterable[Dataset], context: Context) -> Iterator[Dataset]:
    """The headers of the marked images that are not among the evidence."""
    known = {str(one.SOPInstanceUID) for one in evidence}
    marked = (one.mark.identity for one in beside.measured)
    with closing(Cache(context.root)) as cache:
        for one in dict.fromkeys(image.of_frame(0) for image in (*marked, *beside.key_images)):
            if one.instance not in known:
                yield open_frames(cache.file(one))[0].header


def write_beside(out: Path, done: Finished) -> list[Path]:
    """Write what goes with the report beside it: report-2.dcm and so on."""
    paths = []
    for number, content in enumerate(done.beside, 2):
        paths.append(out.with_name(f"{out.stem}-{number}{out.suffix}"))
        write_safely(paths[-1], content)
    return paths


def headers_behind(document: ReportDocument, context: Context) -> list[Dataset]:
    """The headers of the images that the report rests on. Raises NothingFound."""
    try:
        with closing(Cache(context.root)) as cache:
            return [open_frames(cache.file(one))[0].header for one in seen(document)]
    except NothingFound as error:
        raise NothingFound(
            "The film of this draft is not on this workstation: fetch its study, then sign. A "
            "picture file belongs to no study, so a draft of it cannot be signed."
        ) from error


def seen(document: ReportDocument) -> Iterable[Identity]:
    """The images that the report rests on, each instance once."""
    return dict.fromkeys(one.of_frame(0) for one in document.evidence or (document.identity,))


def find_draft(drafts: Drafts, named: str) -> ReportDocument:
    """The draft of that id, in that file, or behind that unsigned report."""
    path = Path(named)
    if not named or not path.exists():
        return drafts.load(named)
    if path.suffix == ".json":
        return load_draft(path)
    report = read_report(path)
    if report.get("VerificationFlag") == "VERIFIED":
        raise ReportProblem(f"{path} is signed already. Store it with: wetread send {path}")
    try:
        return drafts.load(sr.read(report).id)
    except NothingFound as error:
        raise NothingFound(
            f"The draft behind {path} is not on this workstation. Draft the film again."
        ) from error


def decide(document: ReportDocument, accept: str, reject: str) -> ReportDocument:
    """Accept and reject as the options say: a sentence named by its id, and "all" the others.

    A named one is decided anew whatever was decided before. Raises UsageProblem for an id that
    the draft lacks or that both options name, and where "all" would leave somebody's contrary
    decision unseen.
    """
    known = {sentence.id: sentence for sentence in document.sentences()}
    accepted, rejected = _ids(accept), _ids(reject)
    if unknown := (accepted | rejected) - {ALL} - set(known):
        raise UsageProblem(f"The draft has no sentence {', '.join(sorted(unknown))}.")
    if both := accepted & rejected:
        raise UsageProblem(f"Both --accept and --reject name {', '.join(sorted(both))}.")
    for name, sentence in known.items():
        if name in accepted:
            decided = sentence.accepted()
        elif name in rejected:
            decided = sentence.rejected()
        elif ALL in accepted | rejected and sentence.origin is not Origin.HUMAN:
            decided = _with_the_others(sentence, ALL in accepted)
        else:
            continue
        document = document.with_sentence(decided)
    return document


def _ids(option: str) -> set[str]:
    return {one.strip() for one in option.split(",") if one.strip()}


def _with_the_others(sentence: Sentence, accepts: bool) -> Sentence:
    decided = sentence.accepted() if accepts else sentence.rejected()
    if sentence.state not in (Decision.SUGGESTED, decided.state):
        raise UsageProblem(
            f"The sentence {sentence.id} was {sentence.state.value} before. Name it by its id "
            "to decide otherwise."
        )
    return decided


def ask_for_the_rest(document: ReportDocument, context: Context, drafts: Drafts) -> ReportDocument:
    """Ask at the terminal about each sentence that is undecided; what was said is kept."""
    left = document.undecided()
    if not left:
        return document
    if context.printer.as_json or not sys.stdin.isatty():
        raise UndecidedSentences(
            f"{several(len(left), 'sentence is', 'sentences are')} left to decide. Name them with "
            "--accept and --reject, or sign at a terminal, where each is asked for."
        )
    for number, sentence in enumerate(left, 1):
        context.printer.say(f"{number} of {len(left)}: {sentence.text}{_known(sentence)}")
        document = document.with_sentence(ask_about(sentence))
        drafts.save(document)
    context.printer.say(f"\n{as_text(document)}")
    return document


def _known(sentence: Sentence) -> str:
    share = f"{sentence.probability:.2f}" if sentence.probability is not None else ""
    known = ", ".join(part for part in (share, sentence.note) if part)
    return f"  ({known})" if known else ""


def ask_about(sentence: Sentence) -> Sentence:
    """What the person at the terminal says of one suggested sentence."""
    while True:
        said = answer(input, "  [a]ccept, [e]dit, [r]eject? ").lower()
        if said in ("a", "accept"):
            return sentence.accepted()
        if said in ("r", "reject"):
            return sentence.rejected()
        if said in ("e", "edit"):
            text = answer(input, "  your words: ")
            if text:
                return sentence.edited(text)


def ask_credential(arguments: argparse.Namespace, context: Context, readers: Readers) -> Credential:
    """Name, organisation and credential from the options, the settings, or the terminal."""
    settings = context.settings.reader
    name = arguments.reader or settings.name or ask("Reader (Family^Given): ")
    known = {reader.name: reader for reader in readers.readers()}
    if name in known:
        if arguments.organization not in ("", known[name].organization):
            raise SigningProblem(f"{name} is enrolled with another organisation.")
        return Credential(known[name], read_secret(arguments, f"Credential of {name}: "))
    organization = arguments.organization or settings.organization or ask("Organisation: ")
    secret = read_secret(arguments, f"Choose a credential for {name}: ")
    if not arguments.credential_from_stdin and secret != read_secret(arguments, "Once more: "):
        raise SigningProblem("The two credentials differ. Nothing was signed; try again.")
    return Credential(Reader(name, organization), secret, enrols=True)


def ask(question: str) -> str:
    """A line from the terminal. Raises SigningProblem when nobody is there."""
    if not sys.stdin.isatty():
        raise SigningProblem("Nobody is at the terminal: give --reader and --organization.")
    return answer(input, question)


def read_secret(arguments: argparse.Namespace, question: str) -> str:
    """The credential, never shown and never on the command line."""
    if arguments.credential_from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise SigningProblem("Nobody is at the terminal: use --credential-from-stdin.")
    return answer(getpass.getpass, question)


def answer(asking: Callable[[str], str], question: str) -> str:
    """What the terminal gives. Raises SigningProblem at its end (Ctrl+D)."""
    try:
        return asking(question).strip()
    except EOFError as error:
        print(file=sys.stderr)
        raise SigningProblem("The input ended. Nothing was signed.") from error
