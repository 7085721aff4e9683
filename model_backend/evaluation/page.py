"""An evaluation as one HTML file: nothing outside it, no script, dark, light and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from model_backend.evaluation.facts import KINDS
from model_backend.evaluation.measured import TEXT_TASKS
from model_backend.evaluation.plots import Bar, facts_plot, intervals, reliability_plot
from model_backend.request import ANSWER

STYLE = Path(__file__).with_name("page.css")
WRITTEN = (ANSWER, *TEXT_TASKS)  # tasks whose answers are free texts


def page(report: Mapping[str, Any]) -> str:
    """The report for people."""
    model, dataset, counts = report["model"], report["dataset"], report["counts"]
    title = f"{model['name']} {model['version']} on {dataset['name']}"
    part = f", part {escape(dataset['split'])}" if dataset["split"] else ""
    facts = [
        ("Model", f"{model['name']} {model['version']}, {model['licence'] or 'no licence stated'}"),
        ("Weights", f"SHA-256 {model['sha256']}"),
        ("Ran as", f"{model['precision'] or 'unknown precision'} on {model['device']}"),
        ("Data set", f"{dataset['name']}{part}: {dataset['layout']}, SHA-256 {dataset['sha256']}"),
        ("Cases", f"{counts['cases']} of {counts['groups']} patients or images"),
        ("Left out", _left_out(counts)),
        ("Made", f"{report['date'].replace('T', ' ')} by Wetread {report['program']}"),
    ]
    body = [
        f"<h1>{escape(title)}</h1>",
        '<p class="warning">Research use only. Nothing here is fit for care. Figures are per cent; '
        "intervals are 95 % bootstrap intervals over whole patients or images.</p>",
        _facts_list(facts),
        *(_task(one) for one in report["tasks"]),
    ]
    return (
        "<!DOCTYPE html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<style>\n{STYLE.read_text(encoding='utf-8')}</style></head>\n"
        f"<body>\n{''.join(body)}\n</body></html>\n"
    )


def _left_out(counts: Mapping[str, Any]) -> str:
    if not counts["left_out"]:
        return "none"
    return f"{counts['left_out']}: {'; '.join(counts['reasons'])}"


def _facts_list(facts: Iterable[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts)
    return f"<dl>{rows}</dl>"


def _task(task: Mapping[str, Any]) -> str:
    parts = [
        f"<section><h2>{escape(task['title'])}</h2>",
        f"<p>{task['cases']} cases of {task['groups']} patients or images. {_decoding(task)}</p>",
        _verdict(task["verdict"]),
        _scores(task),
        _not_computed(task["not_computed"]),
        _questions(task["questions"]),
        _calibration(task["calibration"]),
        _subgroups(task["subgroups"]),
        _facts(task["facts"]),
        _examples(task["examples"]),
        "</section>",
    ]
    return "\n".join(part for part in parts if part)


def _decoding(task: Mapping[str, Any]) -> str:
    """How texts were searched for."""
    parts = []
    for one in task["decoding"]:
        if one["task"] in WRITTEN:
            blocked = f", no {one['no_repeat_ngram']}-gram twice" if one["no_repeat_ngram"] else ""
            parts.append(
                f"Texts by beam {one['beam']}, at most {one['max_tokens']} symbols{blocked}."
            )
    return " ".join(parts)


def _verdict(verdict: Mapping[str, Any] | None) -> str:
    if not verdict:
        return ""
    kind = {True: "good", False: "bad", None: "plain"}[verdict["passed"]]
    return f'<p class="verdict {kind}">{escape(verdict["text"])}</p>'


def _scores(task: Mapping[str, Any]) -> str:
    scores = [one for one in task["scores"] if one["value"] is not None]
    if not scores:
        return ""
    bars = [
        Bar(
            one["title"],
            one["value"],
            _or(one["low"], one["value"]),
            _or(one["high"], one["value"]),
            tuple(floor["value"] for floor in one["floors"]),
            tuple(found["value"] for found in one["published"]),
        )
        for one in scores
    ]
    rows = [
        [
            escape(one["title"]),
            _span(one),
            str(one["cases"]),
            _floor_cell(one["floors"]),
            _published_cell(one["published"]),
        ]
        for one in scores
    ]
    head = ("figure", "measured", "cases", "floors on the same cases", "the authors report")
    return (
        "<h3>Figures</h3>"
        + _figure(
            intervals(bars, "figures with intervals"),
            "Dot and line: measured, with its interval. Short strokes: floors that never look at "
            "the picture, or hardly. Diamonds: what the authors report.",
        )
        + _table(head, rows)
    )


def _floor_cell(floors: Sequence[Mapping[str, Any]]) -> str:
    return "<br>".join(f"{one['value']:.1f} {escape(one['name'])}" for one in floors)


def _published_cell(published: Sequence[Mapping[str, Any]]) -> str:
    cells = []
    for one in published:
        doubt = f"; in doubt: {escape(one['doubt'])}" if one["doubt"] else ""
        cells.append(
            f"{one['value']:.1f} ({escape(one['size'])}, {escape(one['kind'])})"
            f'<br><span class="source">{escape(one["by"])}{doubt}</span>'
        )
    return "<br>".join(cells)


def _not_computed(reasons: Mapping[str, str]) -> str:
    return "".join(
        f"<p>{escape(name.upper())}: not computed ({escape(reason)}).</p>"
        for name, reason in reasons.items()
    )


def _questions(questions: Sequence[Mapping[str, Any]]) -> str:
    if not questions:
        return ""
    rows = [
        [
            escape(one["question"]),
            f"{one['yes']} of {one['cases']}",
            _span(one["accuracy"]),
            _floor_cell(one["accuracy"]["floors"]),
            _span(one["auc"]),
            _floor_cell(one["auc"]["floors"]),
        ]
        for one in questions
    ]
    head = ("question", "yes", "right answers", "floors", "area under the curve", "floors")
    return "<h3>Question by question</h3>" + _table(head, rows)


def _calibration(found: Mapping[str, Any]) -> str:
    if not found:
        return ""
    fitted = (
        "These probabilities were calibrated, so that a reader may see them."
        if found["is_fitted"]
        else "Not all of these probabilities were calibrated: a reader does not see those."
    )
    rows = [
        [
            f"{one['from']:.0f} to {one['to']:.0f}",
            str(one["cases"]),
            f"{one['said']:.1f}",
            f"{one['right']:.1f} ({one['low']:.1f} to {one['high']:.1f})",
        ]
        for one in found["bins"]
    ]
    return (
        f"<h3>Calibration</h3><p>Expected calibration error {_span(found['error'])}. {fitted}</p>"
        + _figure(
            reliability_plot(found["bins"], "reliability curve"),
            "On the dotted line a probability keeps its word. Dots grow with their answers.",
        )
        + _table(("probability said", "answers", "its mean", "right"), rows)
    )


def _subgroups(rows: Sequence[Mapping[str, Any]]) -> str:
    kept = [one for one in rows if one["value"] is not None]
    if not kept:
        return ""
    bars = [
        Bar(
            f"{one['by']}: {one['value_of']}",
            one["value"],
            _or(one["low"], one["value"]),
            _or(one["high"], one["value"]),
            is_faint=one["is_small"],
        )
        for one in kept
    ]
    cells = [
        [
            escape(one["by"]),
            escape(one["value_of"]),
            str(one["cases"]),
            str(one["groups"]),
            _span(one),
            _span(one["auc"]) if "auc" in one else "",
            "few cases: do not rely on it" if one["is_small"] else "",
        ]
        for one in kept
    ]
    head = ("by", "group", "cases", "patients", "right or ROUGE-L", "area under the curve", "")
    return (
        "<h3>Groups</h3><p>A difference between groups may come from what else differs between "
        "them: the table says where to look, not why.</p>"
        + _figure(intervals(bars, "figures by group"), "Faint rows hold few cases.")
        + _table(head, cells)
    )


def _facts(found: Mapping[str, Any]) -> str:
    if not found:
        return ""
    shares = [[escape(one["title"]), _span(one), str(one["cases"])] for one in found["shares"]]
    counts = [[escape(text), str(found["counts"][kind])] for kind, text in KINDS.items()]
    findings = [
        [escape(one["finding"]), *(str(one[kind]) for kind in KINDS)] for one in found["findings"]
    ]
    head = ["finding", *(kind.replace("_", " ") for kind in KINDS)]
    return (
        "<h3>Facts</h3><p>What the texts state and deny, held to the labels. Rules and words: "
        "docs/evaluation.md.</p>"
        + _table(("share", "measured", "texts"), shares)
        + _table(("findings", "number"), counts)
        + _figure(
            facts_plot(found["findings"], "facts by finding"),
            "Each row: supported / contradictory / unsupported / missed.",
        )
        + _table(head, findings)
    )


def _examples(rows: Sequence[Mapping[str, Any]]) -> str:
    cells = [
        [
            str(one["line"]),
            escape(_short(one["asked"])),
            escape(_short("; ".join(one["right"]) or ", ".join(one["labels"]))),
            escape(_short(one["answered"])),
            "" if one["probability"] is None else f"{one['probability']:.2f}",
        ]
        for one in rows
    ]
    head = ("line", "asked", "right", "answered", "probability")
    return "<h3>Some single answers</h3>" + _table(head, cells)


def _short(text: str, most: int = 160) -> str:
    return text if len(text) <= most else text[: most - 1] + "\u2026"


def _span(one: Mapping[str, Any]) -> str:
    if not one or one["value"] is None:
        return "no figure"
    if one["low"] is None:
        return f"{one['value']:.1f}"
    return f"{one['value']:.1f} ({one['low']:.1f} to {one['high']:.1f})"


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def _figure(plot: str, caption: str) -> str:
    if not plot:
        return ""
    return f"<figure>{plot}<figcaption>{escape(caption)}</figcaption></figure>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; a column that is empty in every row is left out."""
    kept = [place for place in range(len(head)) if any(row[place] for row in rows)]
    top = "".join(f"<th>{escape(head[place])}</th>" for place in kept)
    lines = "".join(
        "<tr>" + "".join(f"<td>{row[place]}</td>" for place in kept) + "</tr>" for row in rows
    )
    body = f"<thead><tr>{top}</tr></thead><tbody>{lines}</tbody>"
    return f'<div class="wide"><table>{body}</table></div>'
