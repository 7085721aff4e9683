"""`python -m model_backend.evaluation.check MODEL LABELLED`: an acceptance run of a model."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from model_backend.evaluation.asked import Asking, Said, ask_set
from model_backend.evaluation.labelled import LabelledProblem
from model_backend.evaluation.published import Published, dataset_of, kind_of, published_for
from model_backend.evaluation.reading import LabelledSet, shown
from model_backend.evaluation.record import append_acceptance
from model_backend.evaluation.running import (
    carried_out,
    columns,
    counted,
    loaded,
    may_write,
    opened_set,
    options,
    percent,
    program_version,
)
from model_backend.evaluation.scores import TITLES, as_tables, scores_of
from model_backend.evaluation.verdict import judged
from model_backend.folder import ModelFolder
from model_backend.request import ANSWER, CHOICE, ModelIdentity
from model_backend.tasks import TASKS

NO_LIST = (
    "The authors answer from a closed list; this model was imported without one, so it wrote its "
    "open answers freely."
)
NOT_WHAT_IT_SAYS = 3  # exit code: measured, and found wanting


def parser() -> argparse.ArgumentParser:
    """The options, which `wetread model check` shares."""
    known = options("check", __doc__)
    known.add_argument("--dataset", default="", help="the set's name, where its file does not say")
    known.add_argument("--size", default="", help="the model's published size, where it is unknown")
    return known


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when the figures stand, 3 when the model is not what it says, 1 for a known problem."""
    chosen = parser().parse_args(arguments)
    return carried_out(lambda: _check(chosen))


def _check(chosen: argparse.Namespace) -> int:
    folder = ModelFolder.read(chosen.model)
    labelled = opened_set(chosen, folder)
    total = labelled.count()
    model = loaded(folder, chosen)
    asking = Asking(classes=labelled.classes, answers=folder.answers)
    said = list(counted(ask_set(model, labelled, asking), total, "cases"))
    if not said:
        raise LabelledProblem(
            f"The model {folder.name} answered none of the {total} cases of {labelled.path}: "
            f"{shown(labelled.left_out)}."
        )
    entries = [
        entry_of(folder, labelled, of_task, model.identity, chosen) for of_task in by_task(said)
    ]
    is_written = may_write(folder, chosen)
    if is_written:
        append_acceptance(folder.path, entries)
    if chosen.json:
        for entry in entries:
            print(json.dumps({**entry, "written": is_written}, ensure_ascii=False))
    else:
        print(report(folder, labelled, entries, is_written))
    return NOT_WHAT_IT_SAYS if any(one["passed"] is False for one in entries) else 0


def by_task(said: Sequence[Said]) -> list[list[Said]]:
    """What was said, task by task; questions about images are one task, open or closed."""
    tasks: dict[str, list[Said]] = {}
    for one in said:
        name = ANSWER if one.case.task == CHOICE else one.case.task
        tasks.setdefault(name, []).append(one)
    return list(tasks.values())


def entry_of(
    folder: ModelFolder,
    labelled: LabelledSet,
    said: Sequence[Said],
    identity: ModelIdentity,
    chosen: argparse.Namespace,
) -> dict[str, Any]:
    """One entry of `acceptance` in `model.json`."""
    task = ANSWER if said[0].case.task == CHOICE else said[0].case.task
    scores = scores_of(said)
    dataset = dataset_of(chosen.dataset, labelled.name, labelled.source) or chosen.dataset
    size = chosen.size or folder.size
    found = published_for(dataset, size, task)
    kind = kind_of(folder, dataset)
    claimed = next((one for one in found if one.kind == kind), None)
    verdict = judged(scores, claimed, why_alone(dataset, size, found))
    text = verdict.text
    if claimed and task == ANSWER and not folder.answers:
        text += f" {NO_LIST}"
    return {
        "set": labelled.name,
        "dataset": dataset,
        "sha256": labelled.sha256,
        "layout": labelled.layout,
        "split": labelled.split,
        "part": labelled.part,
        "task": task,
        "cases": len(said),
        "groups": len({one.case.group for one in said}),
        "left_out": len(labelled.left_out),
        "scores": as_tables(scores),
        "published": [asdict(one) for one in ([claimed] if claimed else found)],
        "passed": verdict.passed,
        "verdict": text,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "precision": identity.precision,
        "device": identity.device,
        "program": program_version(),
        "weights": folder.sha256,
    }


def why_alone(dataset: str, size: str, found: Sequence[Published]) -> str:
    """Why no published figure was held against the model."""
    if found:
        return (
            "The model does not say that it was trained for this set, so the published figures "
            "beside it are for orientation only."
        )
    if dataset and size:
        return f"No published figure of a {size} model on {dataset} was found."
    if dataset:
        return (
            "The model is of none of the published sizes, so there is no published figure to hold "
            "it to."
        )
    return "No published set has this name, so there is no published figure to hold it to."


def report(
    folder: ModelFolder,
    labelled: LabelledSet,
    entries: Sequence[Mapping[str, Any]],
    is_written: bool,
) -> str:
    """The result for people."""
    first = entries[0]
    how = ", ".join(word for word in (first["precision"], first["device"]) if word)
    lines = [
        f"{folder.name} {folder.model_version} ({how}), weights SHA-256 {folder.sha256[:16]}",
        f"{labelled.name}: {labelled.layout}, SHA-256 {first['sha256'][:16]}",
    ]
    for entry in entries:
        lines += ["", *_entry_lines(entry, _earlier(folder, entry))]
    if labelled.left_out:
        text = f"Left out: {len(labelled.left_out)}. {shown(labelled.left_out)}."
        lines += ["", *textwrap.wrap(text, 98)]
    lines.append("")
    lines.append(
        f"Kept in {folder.path / 'model.json'}." if is_written else "Not kept in model.json."
    )
    return "\n".join(lines)


def _entry_lines(entry: Mapping[str, Any], earlier: Mapping[str, Any] | None) -> list[str]:
    groups = f"{entry['cases']} cases of {entry['groups']} patients or images"
    head = f"{TASKS[entry['task']].title}: {groups}"
    if entry["split"]:
        head += f", part {entry['split']}"
    rows = [["", "measured (95 % interval)", "cases", "commonest answer", "the authors report"]]
    for name, score in entry["scores"].items():
        rows.append(
            [
                f"  {TITLES[name]}",
                f"{percent(score['value'])} ({_plain(score['low'])} to {_plain(score['high'])})",
                str(score["cases"]),
                percent(score["floor"]) if score["floor"] is not None else "",
                _reported(entry["published"], name),
            ]
        )
    if earlier is not None:
        rows[0].append(f"measured {earlier['date'][:10]}")
        for row, name in zip(rows[1:], entry["scores"], strict=True):
            row.append(percent(earlier["scores"].get(name, {}).get("value")))
    kept = [place for place in range(len(rows[0])) if any(row[place] for row in rows[1:])]
    lines = [head, *columns([[row[place] for place in kept] for row in rows])]
    for one in entry["published"]:
        lines += textwrap.wrap(f"  {one['size']}, {one['kind']}; read in {one['by']}", 98)
        if one["doubt"]:
            lines += textwrap.wrap(f"  in doubt: {one['doubt']}", 98)
    return [*lines, *textwrap.wrap(entry["verdict"], 98)]


def _reported(published: Sequence[Mapping[str, Any]], name: str) -> str:
    return ", ".join(
        f"{percent(one['values'][name])} ({one['kind']})"
        for one in published
        if name in one["values"]
    )


def _earlier(folder: ModelFolder, entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The latest result on the very same cases."""
    same = ("sha256", "task", "split", "part")
    alike = (
        one for one in reversed(folder.acceptance) if all(one.get(k) == entry[k] for k in same)
    )
    return next((one for one in alike if isinstance(one.get("scores"), dict)), None)


def _plain(value: float | None) -> str:
    return "?" if value is None else f"{value:.1f}"


if __name__ == "__main__":
    sys.exit(main())
