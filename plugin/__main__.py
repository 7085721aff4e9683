"""The front door: the command line, or without a command the window with its plug-ins."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from plugin._starting import STOPPED, NoWindow, settle_process, settle_warnings

if TYPE_CHECKING:
    import argparse


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; without `arguments`, the one of this process."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["--model-worker"]:  # the frozen program starts itself as the model process
        from model_backend.worker import main as work

        return work(words[1:])
    if arguments is not None:
        return _carry_out(words)
    settle_process()
    code = _carry_out(words)
    # A network thread may wait for a silent node, and nobody waits for it now. And where a window
    # was shown, all is closed and written; Python would go on to destroy Qt's objects in any order,
    # which now and then ended in a segmentation fault.
    if code == STOPPED or "ui.opening" in sys.modules:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _carry_out(words: Sequence[str]) -> int:
    try:
        from plugin._commands.line import carry_out  # takes a second, in which Ctrl+C may come
    except KeyboardInterrupt:
        print("wetread: Stopped.", file=sys.stderr)
        return STOPPED
    return carry_out(words, open_window)


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    from plugin._commands import parsing

    return parsing.parser()


def open_window(root: Any, settings: Any, sources: Any, **wishes: Any) -> int:
    """The window with all plug-ins (`ui.opening.run`); Qt is loaded here and not before.

    `settings` and `sources` give them; they are called on a pool thread.
    """
    try:
        from ui.opening import Surroundings, run
    except ImportError as error:
        raise NoWindow(
            f"The window cannot be opened here ({error}). Install PyQt6 and what it needs; all "
            "other commands work without."
        ) from error
    return run(Surroundings(root, settings, _plugins, sources), **wishes)


def _plugins() -> Any:
    """All plug-ins, their modules imported already where they can be."""
    from plugin._discover import discover, imported

    settle_warnings()
    return imported(discover())


if __name__ == "__main__":
    raise SystemExit(main())
