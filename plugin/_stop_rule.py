"""The stop rule: a model whose suggestions readers do not keep drafts no more."""

from __future__ import annotations

from collections.abc import Iterator

from dicom_io.report.document import Algorithm, ReportDocument
from dicom_io.report.drafts import Drafts
from dicom_io.report.monitoring import count, total, why_switched_off
from dicom_io.settings import ModelSettings
from dicom_io.storage import DataRoot
from model_backend.folder import ModelFolder
from plugin._drafting import DraftRefused


def watched(
    stages: Iterator[ReportDocument], model: ModelFolder, root: DataRoot, settings: ModelSettings
) -> Iterator[ReportDocument]:
    """The stages of a draft, refused before the first where the rule says so; every refusal names
    its model. For a pool thread. Raises DraftRefused and what the stages raise."""
    try:
        if reason := why_stopped(model, root, settings):
            raise DraftRefused(reason)
        yield from stages
    except DraftRefused as refusal:
        refusal.model, refusal.version = model.name, model.model_version
        raise


def why_stopped(model: ModelFolder, root: DataRoot, settings: ModelSettings) -> str:
    """Why this model must not draft here any more; "" while it may, or where there is no rule."""
    if settings.least_kept <= 0:
        return ""
    identity = model.identity("")
    sha256 = "" if identity.address else identity.sha256  # as a report names it
    algorithm = Algorithm(identity.name, identity.version, sha256)
    whole = total(count(Drafts(root.drafts).list()), algorithm)
    return why_switched_off(whole, settings.least_kept, settings.kept_after)
