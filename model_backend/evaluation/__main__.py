"""`python -m model_backend.evaluation [MODEL_FOLDER]`: measure a model on held-out cases."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from model_backend.evaluation.card import make_card, write_card
from model_backend.evaluation.card_text import card_text
from model_backend.folder import EMBEDDED, ModelFolder
from model_backend.request import ModelError
from model_backend.training.__main__ import DATA


def parser() -> argparse.ArgumentParser:
    """The options, which `wetread evaluate` shares."""
    options = argparse.ArgumentParser(prog="wetread evaluate", description=__doc__)
    options.add_argument("model", type=Path, nargs="?", default=EMBEDDED, help="a model folder")
    options.add_argument("--data", type=Path, default=DATA, help="folder with the data sets")
    options.add_argument("--json", action="store_true", help="the card as JSON")
    options.add_argument("--write", action="store_true", help="put the card into the model folder")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0, or 1 with one sentence on the error stream."""
    options = parser().parse_args(arguments)
    try:
        folder = ModelFolder.read(options.model)
        folder.check()
        card = make_card(folder, options.data, say=lambda line: print(line, file=sys.stderr))
        if options.write:
            write_card(options.model, card)
    except ModelError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(card, indent=1, ensure_ascii=False) if options.json else card_text(card))
    return 0


if __name__ == "__main__":
    sys.exit(main())
