"""A model that readers do not follow drafts no more, once the settings say so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dicom_io.report.document import Algorithm
from dicom_io.report.drafts import Drafts
from dicom_io.settings import ModelSettings, Settings
from dicom_io.storage import DataRoot
from model_backend.folder import ModelFolder
from plugin._drafting import DraftRefused, draft_report
from plugin._stop_rule import watched, why_stopped
from tests.reports import asked_about, draft, film, signed, suggestion


def drift(root: DataRoot, model: ModelFolder, rejected: int) -> None:
    """Signed reports in which readers rejected what the model said."""
    identity = model.identity("")
    algorithm = Algorithm(identity.name, identity.version, identity.sha256, "Wetread")
    for number in range(rejected):
        document = signed(draft(film(), suggestion(f"Wrong {number}.").rejected()))
        Drafts(root.drafts).save(replace(document, asked=(asked_about(film(), algorithm),)))


def test_drift_switches_the_model_off_and_names_it(
    phrase_book: Any, film: Any, tmp_path: Path
) -> None:
    root, model = DataRoot(tmp_path / "home").create(), phrase_book.folder
    rule = ModelSettings(least_kept=0.5, kept_after=10)
    drift(root, model, 9)
    assert list(watched(draft_report(film(), phrase_book, model=model), model, root, rule))
    drift(root, model, 1)

    with pytest.raises(DraftRefused, match="switched off") as refusal:
        list(watched(draft_report(film(), phrase_book, model=model), model, root, rule))

    assert (refusal.value.model, refusal.value.version) == ("echo", "1.0.0")
    assert why_stopped(model, root, ModelSettings()) == ""
    assert why_stopped(replace(model, model_version="1.0.1"), root, rule) == ""


def test_the_settings_of_the_rule_are_kept_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    replace(Settings(), model=ModelSettings(least_kept=0.6, kept_after=20)).write(path)

    assert Settings.read(path).model.least_kept == 0.6
    assert "least_kept" in ModelSettings(least_kept=2).fault()
    assert "kept_after" in ModelSettings(kept_after=0).fault()
