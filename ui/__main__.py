"""The bare viewer, without plug-ins: `python -m ui`."""

from __future__ import annotations

import sys

from dicom_io.errors import DicomProblem
from dicom_io.pacs.connect import source_for
from dicom_io.settings import Settings
from dicom_io.storage import DataRoot
from ui.app import run


def main() -> int:
    """Open the window on the nodes of the settings. Returns the exit code."""
    try:
        root = DataRoot.choose().create()
        settings = Settings.read(root.settings)
        sources = [source_for(node) for node in settings.nodes]
        return run((), root, settings, sources)
    except DicomProblem as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
