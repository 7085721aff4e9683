"""Which model is asked for what: each task has a role, each role a model in the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from dicom_io.settings import ModelSettings
from model_backend.request import (
    ANSWER,
    CHOICE,
    CLASSIFY,
    DETECTION,
    ENTAILMENT,
    FINDINGS,
    GROUNDING,
    INFILL_IMAGE,
    INFILL_TEXT,
    MATCHING,
    MORTALITY,
    REGION,
    SUMMARY,
    TREATMENT,
    TRIAL,
)

Role = Literal["answers", "reports", "summaries"]
ROLES: tuple[Role, ...] = get_args(Role)

ROLE: Mapping[str, Role] = {
    ANSWER: "answers",
    CHOICE: "answers",
    CLASSIFY: "answers",
    MATCHING: "answers",
    REGION: "answers",
    GROUNDING: "answers",
    DETECTION: "answers",
    INFILL_IMAGE: "answers",
    FINDINGS: "reports",
    SUMMARY: "summaries",
    ENTAILMENT: "summaries",
    INFILL_TEXT: "summaries",
    TRIAL: "summaries",
    MORTALITY: "summaries",
    TREATMENT: "summaries",
}


def role_of(task: str) -> Role:
    """Who is asked for that task; for one that is not in the table, the model for answers."""
    return ROLE.get(task, "answers")


def chosen_name(settings: ModelSettings, role: Role) -> str:
    """The name of that role's model in the settings; "" is the embedded one."""
    named: Mapping[Role, str] = {
        "answers": settings.answers,
        "reports": settings.reports,
        "summaries": settings.summaries,
    }
    return named[role] or settings.name
