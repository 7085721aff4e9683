"""The report: its content, its drafts on disk, its DICOM form and the checks on it."""
