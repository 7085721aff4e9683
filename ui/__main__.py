"""The bare viewer, without plug-ins: `python -m ui`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial

from dicom_io.errors import DicomProblem
from dicom_io.settings import Settings
from dicom_io.source import Source
from dicom_io.storage import DataRoot
from ui.opening import Surroundings, run


def main() -> int:
    """Open the window on the nodes of the settings. Returns the exit code."""
    try:
        root = DataRoot.choose().create()
        settings = Settings.read(root.settings)
        return run(Surroundings(root, lambda: settings, tuple, partial(_sources, settings, root)))
    except DicomProblem as problem:
        print(problem, file=sys.stderr)
        return 1


def _sources(settings: Settings, root: DataRoot) -> Sequence[Source]:
    from dicom_io.pacs.connect import source_for

    return [source_for(node, root.ways) for node in settings.nodes]


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # Python would destroy Qt's objects in any order
