"""`wetread draft`: the model's suggestion for a report, which stays on this workstation."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError

from dicom_io.audit import Event, Outcome
from dicom_io.errors import NothingFound
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.pacs.cache import Cache
from dicom_io.pacs.intake import file_name
from dicom_io.report import sr
from dicom_io.report.document import ReportDocument
from dicom_io.report.drafts import Drafts
from dicom_io.report.header import Software
from dicom_io.report.monitoring import REFUSED
from dicom_io.report.plain import as_text
from dicom_io.report.template.shelf import Shelf
from dicom_io.report.template.template import Template
from dicom_io.storage import write_safely
from plugin._batch import draft_batch
from plugin._commands.context import Context, UsageProblem, require_place
from plugin._commands.film import choose_frame, film_of_study
from plugin._commands.question import work_through
from plugin._drafting import DraftRefused, draft_report
from plugin._form_drafting import best_template, draft_from_template
from plugin._roles import Role
from plugin._stop_rule import watched
from plugin._trust import trusted


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "draft",
        help="let the model draft a report; it stays here",
        description="Let the model draft the report of a film or of a study that was fetched. The "
        "draft stays on this workstation until wetread sign has made a report of it.",
    )
    command.add_argument("film", nargs="?", default="", metavar="FILE|STUDY_UID")
    command.add_argument("--frame", type=int, default=1, metavar="N", help="from 1")
    command.add_argument(
        "--out", type=Path, metavar="REPORT.dcm", help="the unsigned report too; or OUT.jsonl"
    )
    command.add_argument(
        "--batch",
        type=Path,
        metavar="IN.jsonl",
        help='many films: a line {"id", "image"} each; goes on where it was stopped',
    )
    command.add_argument(
        "--template",
        default="",
        metavar="ID|best",
        help="ask the questions of a template (best: the one that fits) instead of the model's own",
    )
    command.set_defaults(run=run_draft)


def run_draft(arguments: argparse.Namespace, context: Context) -> int:
    """Draft one film, or a list of them."""
    if arguments.batch:
        return work_through(draft_batch, "reports", arguments, context)
    if not arguments.film:
        raise UsageProblem("Say what to draft: a FILE, a STUDY_UID, or --batch IN.jsonl.")
    if arguments.out:
        require_unsigned(arguments.out)
    with closing(Cache(context.root)) as cache:
        frame = find_film(cache, arguments.film, arguments.frame)
    models = context.models()
    role: Role = "answers" if arguments.template else "reports"
    model, ask = models.folder(role), models.asker(role)
    context.printer.progress(f"Drafting with {model.name}.")
    document: ReportDocument | None = None
    if arguments.template:
        template = find_template(arguments.template, frame, context)
        stages = draft_from_template(frame, ask, model=model, template=template)
    else:
        stages = draft_report(frame, ask, model=model)
    try:
        stages = trusted(stages, frame.header)
        for stage in watched(stages, model, models.root, models.settings):
            document = stage
    except DraftRefused as refusal:
        context.audit.record(
            Event.ACCESSED_BY_MODEL,
            frame.identity,
            outcome=Outcome.MINOR_FAILURE,
            what=REFUSED,
            model=refusal.model,
            version=refusal.version,
        )
        raise
    if document is None:
        raise NothingFound("The model gave no draft for this image.")
    Drafts(context.root.drafts).save(document)
    context.audit.record(
        Event.ACCESSED_BY_MODEL, frame.identity, model=model.name, draft=document.id
    )
    if arguments.out:
        report = sr.build(document, (frame.header,), Software.installed())
        sr.write(report, arguments.out)
    show_draft(context, document, arguments.out)
    return 0


def find_template(named: str, frame: ImageFrame, context: Context) -> Template:
    """The template of that id, or the best for the image. Raises NothingFound, DraftRefused."""
    shelf = Shelf(context.root.templates)
    return best_template(shelf.templates(), frame) if named == "best" else shelf.template(named)


def require_unsigned(out: Path) -> None:
    """Raise UsageProblem where a draft must not be written: over anything but a former draft."""
    require_place(out)
    if not out.exists():
        return
    try:
        former = pydicom.dcmread(out, specific_tags=["VerificationFlag"])
    except (InvalidDicomError, OSError, EOFError) as error:
        raise UsageProblem(f"{out} exists and is no draft. Choose another name.") from error
    if former.get("VerificationFlag") != "UNVERIFIED":
        raise UsageProblem(f"{out} exists and is no draft. Choose another name with --out.")


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
    """The frame of a file, or of the first image of a study that was fetched.

    A DICOM file is taken into the cache too, so that its draft can be signed later.
    """
    path = Path(named)
    if not path.exists() and named.replace(".", "").isdigit():
        return film_of_study(cache, named, number)
    frame = choose_frame(path, number)
    identity = frame.identity
    if not frame.made_up and identity.study and identity.series and identity.instance:
        keep(cache, path, identity)
    return frame


def keep(cache: Cache, path: Path, identity: Identity) -> None:
    """Copy a DICOM file into the cache, unless it is there."""
    try:
        cache.file(identity.of_frame(0))
    except NothingFound:
        kept = cache.study_folder(identity.study) / file_name(identity.instance)
        write_safely(kept, path.read_bytes())
        cache.add(kept)
