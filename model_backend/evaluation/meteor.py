"""METEOR 1.5 of texts, by the authors' Java program in pycocoevalcap, where both are installed.

Denkowski and Lavie, "Meteor universal" (2014). Without the extra `metrics` or without Java it is
not computed, and that is said; no torch.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

NO_PACKAGE = 'pycocoevalcap is not installed: pip install "wetread[metrics]"'
NO_JAVA = "there is no Java: apt install default-jre-headless"
_SECONDS = 30.0  # to end when its input is closed


def why_not() -> str:
    """Why METEOR cannot be computed here; "" when it can."""
    if find_spec("pycocoevalcap") is None:
        return NO_PACKAGE
    return "" if shutil.which("java") else NO_JAVA


def meteor(texts: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """METEOR of each text against its references, 0 to 1. Only where `why_not` says "".

    A text of no words scores 0. Raises RuntimeError when the Java program ends early.
    """
    library: Any = importlib.import_module("pycocoevalcap.meteor.meteor")
    kept = [place for place, text in enumerate(texts) if text.strip()]
    if not kept:
        return [0.0] * len(texts)
    with contextlib.redirect_stdout(io.StringIO()):
        program = library.Meteor()
        try:
            # Numbers of cases as their names: the library sorts nothing and pairs by name.
            _, scores = program.compute_score(
                {place: [_line(text) for text in references[place]] for place in kept},
                {place: [_line(texts[place])] for place in kept},
            )
        except (BrokenPipeError, ValueError) as error:
            raise RuntimeError("the Java program of METEOR ended early") from error
        finally:
            _end(program)
    found = dict(zip(kept, scores, strict=True))
    return [float(found.get(place, 0.0)) for place in range(len(texts))]


def _line(text: str) -> str:
    """One line without the bars that part the program's fields."""
    return " ".join(text.replace("|", " ").split())


def _end(program: object) -> None:
    process = getattr(program, "meteor_p", None)
    if not isinstance(process, subprocess.Popen):
        return
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        process.wait(_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
