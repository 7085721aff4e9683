"""Running `wetread` as a person would, without a process for each command."""

from __future__ import annotations

import pytest

from plugin.__main__ import main
from tests.commands import Ran, Wetread


@pytest.fixture
def wetread(capsys: pytest.CaptureFixture[str]) -> Wetread:
    """The command line, in this process."""

    def run(*words: object) -> Ran:
        code = main([str(word) for word in words])
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return run
