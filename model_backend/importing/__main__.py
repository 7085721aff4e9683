"""`python -m model_backend.importing SOURCE --models DIR`: import a published model."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from model_backend.importing.progress import Bar, Silent
from model_backend.importing.run import Imported, Wish, bring_in
from model_backend.request import ModelError

STOPPED = 130


def parser() -> argparse.ArgumentParser:
    """The options, which `wetread model import` shares."""
    options = argparse.ArgumentParser(prog="wetread model import", description=__doc__)
    options.add_argument("source", help="a file, a folder, or a hub's repository as owner/name")
    options.add_argument("--models", type=Path, required=True, help="the folder of models")
    options.add_argument("--name", default="", help="of the model (default: the source's)")
    options.add_argument("--file", default="", help="which file of the folder or repository")
    options.add_argument("--revision", default="", help="a branch, tag or commit on the hub")
    options.add_argument("--ema", action=argparse.BooleanOptionalAction, default=None)
    options.add_argument("--task", action="append", default=[], help="instead of the file's own")
    options.add_argument("--answers", type=Path, help="the closed list: text or JSON")
    options.add_argument("--token-file", type=Path, help="a file with the hub's token")
    options.add_argument("--acknowledge", default="", help="who acknowledges the licence")
    options.add_argument("--replace", action="store_true", help="a model of the same name")
    options.add_argument("--quiet", action="store_true", help="no bar on the error stream")
    return options


def wish_of(words: argparse.Namespace) -> Wish:
    """What the options ask for."""
    return Wish(
        source=words.source,
        acknowledged=words.acknowledge,
        name=words.name,
        file=words.file,
        revision=words.revision,
        ema=words.ema,
        tasks=tuple(words.task),
        answers=words.answers,
        token_file=words.token_file,
        replace=words.replace,
    )


def summary(done: Imported) -> dict[str, object]:
    """What a program is told of the model."""
    folder = done.folder
    return {
        "name": folder.name,
        "path": str(folder.path),
        "size": folder.size,
        "tasks": list(folder.tasks),
        "origin": folder.origin,
        "sha256": folder.sha256,
        "sources": list(folder.sources),
        "bytes": done.size,
        "averaged": done.averaged,
        "answers": len(folder.answers),
        "acknowledged": folder.acknowledged,
        "notes": list(done.notes),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints one JSON object: what was imported, with exit code 0; or the error's sentence, with 1.
    130 when it was stopped."""
    words = parser().parse_args(arguments)
    try:
        done = bring_in(wish_of(words), words.models, Silent if words.quiet else Bar)
    except ModelError as error:
        print(json.dumps({"error": str(error)}, ensure_ascii=False), flush=True)
        return 1
    except OSError as error:
        sentence = f"{error.filename or 'The system'}: {error.strerror or error}."
        print(json.dumps({"error": sentence}, ensure_ascii=False), flush=True)
        return 1
    except KeyboardInterrupt:
        return STOPPED
    print(json.dumps(summary(done), ensure_ascii=False), flush=True)
    return 0


def _stop(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)  # so that a stopped import leaves nothing
    sys.exit(main())
