"""A model card from the JSON of evaluations, so that it says what was measured and no more."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from model_backend.evaluation.labelled import LabelledProblem
from model_backend.evaluation.summary_format import FORMAT, VERSION
from model_backend.folder import FILE, ModelFolder

SAID = (
    "Research use only. Nothing here is fit for care.",
    "Figures come from wetread evaluate; intervals are 95 % bootstrap intervals over patients or "
    "images of the part that was measured.",
)


def read_report(path: Path) -> dict[str, Any]:
    """The JSON report of an evaluation. Raises LabelledProblem."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise LabelledProblem(f"{path} cannot be read ({type(error).__name__}).") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise LabelledProblem(f"{path} is no report of wetread evaluate: give its report.json.")
    if content.get("version") != VERSION:
        raise LabelledProblem(
            f"{path} was written by another Wetread (version {content.get('version')}, this one "
            f"knows {VERSION}). Evaluate again."
        )
    return content


def card_from(folder: ModelFolder, reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The card that these evaluations of the model make.

    Figures that a card of the same weights has already and that were not measured again stay.
    Raises LabelledProblem for a report of other weights.
    """
    for report in reports:
        if report["model"]["sha256"] != folder.sha256:
            raise LabelledProblem(
                f"The report on {report['dataset']['name']} is of other weights than those of the "
                f"model {folder.name}. Evaluate this model on it."
            )
    before = _before(folder)
    figures = [one for report in reports for one in figures_of(report)]
    measured = {one["name"] for one in figures}
    kept = [one for one in before.get("figures", []) if one["name"] not in measured]
    figures = kept + figures
    return {
        "version": 1,
        "model": {
            "name": folder.name,
            "version": folder.model_version,
            "sha256": folder.sha256,
            "manufacturer": folder.manufacturer,
            "licence": folder.licence,
        },
        "said": [*(before.get("said") or SAID), *(by_chance(figures) if not before else ())],
        "sources": list(folder.sources),
        "counts": {**before.get("counts", {}), **{_where(one): one["counts"] for one in reports}},
        "training": _training(folder),
        "figures": figures,
        "wanted": before.get("wanted", []),
        "sample": before.get("sample", []),
    }


def figures_of(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every figure of a report as a card holds it: shares of one, with floors."""
    where = _where(report)
    figures = []
    for task in report["tasks"]:
        begin = f"{where}/{task['task']}"
        about = f"{where.replace('/', ', ')}, {task['title'].lower()}"
        for one in task["scores"]:
            title = one["title"].removesuffix(" (100 times)")
            figures.append(_figure(f"{begin}/{one['name']}", f"{about}: {title}", one, task))
        for one in task["questions"]:
            name = f"{begin}/{one['id']}"
            for key, title in (("auc", "area under the curve"), ("accuracy", "right answers")):
                full = f"{about}, {one['question']} {title}"
                figures.append(_figure(f"{name}/{key}", full, one[key], one))
        if task["calibration"]:
            error = task["calibration"]["error"]
            full = f"{about}: expected calibration error"
            figures.append(_figure(f"{begin}/calibration", full, error, task))
        for one in task["facts"].get("shares", ()):
            figures.append(_figure(f"{begin}/{one['name']}", f"{about}: {one['title']}", one, task))
    return figures


def by_chance(figures: Sequence[Mapping[str, Any]]) -> list[str]:
    """A sentence that names what the model cannot tell: areas whose interval reaches one half."""
    names = [
        one["title"].removesuffix(": area under the curve").removesuffix(" area under the curve")
        for one in figures
        if one["name"].endswith("/auc") and (one["low"] is None or one["low"] <= 0.5)
    ]
    return [f"No better than chance on held-out cases: {'; '.join(names)}."] if names else []


def _where(report: Mapping[str, Any]) -> str:
    """The set and its part."""
    dataset = report["dataset"]
    return f"{dataset['name']}/{dataset['split']}" if dataset["split"] else str(dataset["name"])


def _figure(
    name: str, title: str, one: Mapping[str, Any], task: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "value": _share(one["value"]),
        "low": _share(one["low"]),
        "high": _share(one["high"]),
        "cases": one["cases"],
        "groups": task["groups"],
        "floors": [
            {"name": floor["name"], "value": _share(floor["value"])}
            for floor in one.get("floors", ())
        ],
    }


def _share(value: float | None) -> float | None:
    return None if value is None else round(value / 100, 4)


def _before(folder: ModelFolder) -> dict[str, Any]:
    """The card that is there, if it is of these weights."""
    card = folder.card()
    model = card.get("model")
    is_same = isinstance(model, dict) and model.get("sha256") == folder.sha256
    return card if is_same else {}


def _training(folder: ModelFolder) -> dict[str, Any]:
    description = json.loads((folder.path / FILE).read_text(encoding="utf-8"))
    training = description.get("training", {})
    return training if isinstance(training, dict) else {}
