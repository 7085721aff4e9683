"""Under CI a skipped test is a failure unless its reason is one that a machine cannot help."""

from __future__ import annotations

import os

import pytest

ALLOWED = ("the shared folder is missing", "GPU", "the operating system")
forbidden: list[str] = []


@pytest.hookimpl
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember a skip whose reason is not allowed."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if not any(allowed in reason for allowed in ALLOWED):
        forbidden.append(f"{report.nodeid}: {reason}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run when something was skipped that CI must run."""
    if os.environ.get("CI") and forbidden and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was skipped and must not be."""
    if os.environ.get("CI") and forbidden:
        terminalreporter.section("skipped, which CI does not allow")
        for line in forbidden:
            terminalreporter.write_line(line)
