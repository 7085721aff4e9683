"""Check the impression against the findings, and sum the findings up into one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from dicom_io.audit import Event
from dicom_io.errors import DicomProblem
from dicom_io.report.document import ReportDocument, ReportState, SectionKind
from plugin._checking import (
    Judged,
    NotDone,
    Summary,
    check_impression,
    in_words,
    is_alarming,
    summarise_findings,
)
from plugin._shown import models_of, show_identity, tell
from ui.host import Action, Host, Job, State, later, tr

CHECKING = later("Checking the impression against the findings. Esc stops.")
SUMMING = later("Summing the findings up. Esc stops.")


def start(host: Host) -> list[Action]:
    """Offer both in the menus."""
    checking = Checking(host)
    return [
        Action("report.check", tr("Check the impression"), "Ctrl+K", checking.check,
               enabled=checking.may_begin, group="Report"),
        Action("report.summarise", tr("Findings into impression"), "Ctrl+I", checking.summarise,
               enabled=checking.may_begin, group="Report"),
    ]  # fmt: skip


class Checking:
    """At most one check or summary at a time, of the report as it was when it was asked for."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._job: Job | None = None
        self._judged: list[Judged] = []
        host.study_opened.connect(self._give_up)
        host.on_step_back(self.cancel)

    def may_begin(self) -> bool:
        """True while a report is open that may be changed."""
        report = self._host.report()
        return report is not None and report.state is ReportState.DRAFT

    def check(self) -> None:
        """Mark what the findings contradict."""
        report = self._begin("check", tr(CHECKING))
        if report is None:
            return
        self._judged = []
        self._job = self._host.jobs.start(
            partial(self._judge, report),
            on_item=self._take,
            on_done=partial(self._mark, report),
            on_failed=self._fail,
            pool="model",
        )

    def summarise(self) -> None:
        """Suggest an impression."""
        report = self._begin("summary", tr(SUMMING))
        if report is None:
            return
        self._job = self._host.jobs.start(
            partial(self._sum_up, report),
            on_item=partial(self._propose, report),
            on_failed=self._fail,
            pool="model",
        )

    def cancel(self) -> bool:
        """Stop; False when nothing was running."""
        if self._job is None or not self._job.is_running:
            return False
        self._give_up()
        self._host.say(tr("Stopped."))
        return True

    def _begin(self, what: str, words: str) -> ReportDocument | None:
        """The report to work on, None while there is none that may be changed."""
        report = self._host.report()
        if report is None or not self.may_begin():
            return None
        self._give_up()
        self._host.say(words)
        self._host.audit(Event.ACCESSED_BY_MODEL, report.identity, what=what)
        return report

    def _judge(self, report: ReportDocument, cancelled: Callable[[], bool]) -> Iterator[Judged]:
        """On a pool thread."""
        yield from check_impression(report, models_of(self._host).ask, stop=cancelled)

    def _sum_up(self, report: ReportDocument, cancelled: Callable[[], bool]) -> Iterator[Summary]:
        """On a pool thread."""
        summary = summarise_findings(report, models_of(self._host).ask, stop=cancelled)
        if summary is not None:
            yield summary

    def _take(self, judged: Judged) -> None:
        self._judged.append(judged)
        if judged.reply.model is not None:
            show_identity(self._host, judged.reply.model)

    def _mark(self, report: ReportDocument) -> None:
        self._job = None
        marks = {one.sentence.id: one.mark for one in self._judged if one.mark}
        if not self._host.mark(report, marks):
            self._host.say(tr("The report has changed meanwhile. Check it again."))
        else:
            state: State = "alarm" if is_alarming(self._judged) else "quiet"
            self._host.say(in_words(self._judged), state)

    def _propose(self, report: ReportDocument, summary: Summary) -> None:
        self._job = None
        known = {one.text for one in report.sentences()}
        if all(one.text in known for one in summary.sentences):
            self._host.say(tr("The model has nothing to add to what stands in the report."))
            return
        self._host.say("")
        self._host.propose(
            summary.sentences,
            report.identity,
            section=SectionKind.IMPRESSION,
            asked=summary.asked,
        )

    def _fail(self, error: Exception) -> None:
        """What the model will not do is told quietly; what went wrong needs the reader."""
        self._job = None
        if isinstance(error, NotDone):
            self._host.say(str(error), "ai")
        elif isinstance(error, DicomProblem):
            self._host.say(str(error), "alarm")
        else:
            tell(self._host, error)

    def _give_up(self, _: object = None) -> None:
        job, self._job = self._job, None
        if job is not None and job.is_running:
            job.cancel()
            self._host.say("")
