"""MIMIC-III: findings of radiology notes and the impressions that sum them up."""

from __future__ import annotations

from collections.abc import Iterator

from model_backend.datasets.draft import Fault, Found, Origin, Source
from model_backend.datasets.files import found_in, table_rows
from model_backend.datasets.sections import FINDINGS, IMPRESSION, sections_of
from model_backend.datasets.texts import summary

COLUMNS = ("ROW_ID", "SUBJECT_ID", "CATEGORY", "DESCRIPTION", "ISERROR", "TEXT")


def read(origin: Origin) -> Iterator[Found]:
    """The radiology notes that have both sections; notes marked as errors are left out."""
    for _, row in table_rows(found_in(origin.path, "NOTEEVENTS.csv"), COLUMNS):
        if row["CATEGORY"].strip() != "Radiology":
            continue
        place = f"note {row['ROW_ID']}"
        found = sections_of(row["TEXT"])
        if row["ISERROR"].strip() == "1":
            yield Fault(place, "it is marked as an error")
        elif FINDINGS not in found or IMPRESSION not in found:
            yield Fault(place, "it has no findings with an impression")
        else:
            yield summary(
                row["ROW_ID"],
                row["SUBJECT_ID"],
                found[FINDINGS],
                found[IMPRESSION],
                place=place,
                attributes={"examination": row["DESCRIPTION"].strip().lower()},
            )


SOURCE = Source(
    "mimic_iii",
    "MIMIC-III radiology summaries",
    "PhysioNet Credentialed Health Data License 1.5.0",
    "the folder with NOTEEVENTS.csv or NOTEEVENTS.csv.gz",
    "mimic.mit.edu/docs/iii/tables/noteevents; physionet.org/content/mimiciii/1.4",
    "patient",
    read,
    "There is no official split; the one that the paper used is not known.",
)
