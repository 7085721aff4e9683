"""What a person is told of the installed models, and their choice as settings; no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dicom_io.settings import ModelSettings
from dicom_io.storage import DataRoot
from model_backend.folder import ModelFolder, find_model, list_models
from model_backend.footprint import MIB, count_weights, needed, of_machine
from model_backend.request import ModelError
from plugin._model import host_of, leaves_computer, title_of
from plugin._roles import ROLE, ROLES, Role, chosen_name
from ui.host import later, tr

ROLE_WORDS = (later("answers"), later("reports"), later("summaries"))  # for translators
FIRST: Role = "answers"  # the role whose model the others take unless they have their own


@dataclass(frozen=True)
class Offer:
    """One installed model."""

    name: str  # as the settings write it
    title: str  # as a list shows it
    tasks: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]  # what is known of it: (heading, words)
    needs: Mapping[str, int]  # bytes in memory, by precision
    address: str = ""

    def has_tasks_of(self, role: Role) -> bool:
        """True when it has a task that its role would be asked for."""
        return any(ROLE.get(task) == role for task in self.tasks)


@dataclass(frozen=True)
class Offers:
    """All that can be chosen, and what is chosen now."""

    models: tuple[Offer, ...]
    chosen: Mapping[Role, str]  # a name; "" for a role that takes the first one's
    machine: int  # bytes of memory

    def named(self, name: str) -> Offer | None:
        return next((one for one in self.models if one.name == name), None)


def offers(root: DataRoot, settings: ModelSettings) -> Offers:
    """Read from the disk what can be chosen. A chosen model that is missing is offered too, with
    the sentence that says so."""
    found = {folder.name: offer_of(folder) for folder in reversed(list_models(root.models))}
    models = dict(reversed(found.items()))
    chosen: dict[Role, str] = {}
    for role in ROLES:
        name = chosen_name(settings, role)
        try:
            folder = find_model(name, root.models)
            name = name or folder.name
            models.setdefault(name, replace(offer_of(folder), name=name))
        except ModelError as error:
            models.setdefault(name, Offer(name, name, (), ((tr("Missing"), str(error)),), {}))
        chosen[role] = name
    for role in ROLES:
        if role != FIRST and chosen[role] == chosen[FIRST]:
            chosen[role] = ""
    return Offers(tuple(models.values()), chosen, of_machine())


def offer_of(folder: ModelFolder) -> Offer:
    """What is known of one model."""
    address = folder.identity("").address
    facts = (
        (tr("Tasks"), ", ".join(title_of(task) for task in folder.tasks)),
        (tr("Size"), _size(folder)),
        (tr("Measured"), "; ".join(acceptance_words(one) for one in _latest(folder))),
        (tr("Licence"), folder.licence),
        (tr("Use"), folder.use),
        (tr("From"), folder.origin),
        (tr("Answers"), _where(address)),
    )
    return Offer(
        name=folder.name,
        title=f"{folder.name}  {folder.model_version}",
        tasks=folder.tasks,
        lines=tuple((heading, words) for heading, words in facts if words),
        needs={one: needed(folder, one) for one in ("fp32", "bf16", "int8")},
        address=address,
    )


def changed(settings: ModelSettings, chosen: Mapping[Role, str], **how: str | int) -> ModelSettings:
    """The settings with these models, and with device, precision and memory as in `how`."""
    first = chosen[FIRST]
    others = {role: name for role, name in chosen.items() if role != FIRST and name != first}
    return replace(
        settings,
        name=first,
        answers="",
        reports=others.get("reports", ""),
        summaries=others.get("summaries", ""),
        **how,  # type: ignore[arg-type]  # checked by `ModelSettings.fault`
    )


@dataclass(frozen=True)
class Doubt:
    """What is wrong with a choice, or what a person should know of it."""

    words: str = ""
    needs_reader: bool = False


def doubts(offered: Offers, settings: ModelSettings) -> Doubt:
    """The first thing to be said of a choice; no words when all is well."""
    if fault := settings.fault():
        return Doubt(tr("The setting {fault}.", fault=fault), True)
    budget = settings.memory * MIB or offered.machine // 2
    names = dict.fromkeys(chosen_name(settings, role) for role in ROLES)
    needs = {name: _needs(offered.named(name), settings.precision) for name in names}
    for name, need in needs.items():
        if need > budget:
            words = tr(
                "{model} takes about {size}, more than all models may together.",
                model=name,
                size=_gigabytes(need),
            )
            return Doubt(words, True)
    abroad = [one.address for name in names if (one := offered.named(name))]
    if leaving := [one for one in abroad if leaves_computer(one)]:
        return Doubt(
            tr("Images leave this computer: {names}", names=host_of(leaving[0])) + ".", True
        )
    for role in ROLES:
        offer = offered.named(chosen_name(settings, role))
        if offer is not None and offer.tasks and not offer.has_tasks_of(role):
            return Doubt(
                tr(
                    "{model} has no task of {role}: those are refused.",
                    model=offer.name,
                    role=tr(role),
                )
            )
    if sum(needs.values()) > budget:
        return Doubt(tr("They do not fit into the memory together, so they take turns in it."))
    return Doubt()


def acceptance_words(entry: Mapping[str, Any]) -> str:
    """A result of `wetread model check` in a few words."""
    parts = [str(entry.get("dataset") or entry.get("set") or tr("a set"))]
    scores = entry.get("scores")
    for name, score in scores.items() if isinstance(scores, dict) else ():
        value = score.get("value") if isinstance(score, dict) else None
        if isinstance(value, int | float):
            parts.append(f"{name.replace('_', ' ')} {value:.1f} %{_reported(entry, name)}")
            break
    if entry.get("passed") is not None:
        parts.append(tr("passed") if entry["passed"] else tr("failed"))
    return ", ".join(parts)


def _reported(entry: Mapping[str, Any], name: str) -> str:
    for one in entry.get("published") or ():
        value = one.get("values", {}).get(name) if isinstance(one, dict) else None
        if isinstance(value, int | float):
            return tr(" (reported {value} %)", value=f"{value:.1f}")
    return ""


def _latest(folder: ModelFolder) -> tuple[Mapping[str, Any], ...]:
    """The newest result on each set and task."""
    newest = {(one.get("set"), one.get("task")): one for one in folder.acceptance}
    return tuple(newest.values())


def _size(folder: ModelFolder) -> str:
    if not folder.weights:
        return folder.size
    millions = count_weights(folder) / 1e6
    counted = (
        tr("{count} million weights", count=f"{millions:.0f}")
        if millions >= 1
        else tr("below a million weights")
    )
    memory = tr("about {size} of memory in fp32", size=_gigabytes(needed(folder, "fp32")))
    return ", ".join(part for part in (folder.size, counted, memory) if part)


def _where(address: str) -> str:
    if not address:
        return ""
    if leaves_computer(address):
        return tr("come from {host}: images leave this computer", host=host_of(address))
    return tr("come from a server on this computer, {address}", address=address)


def _needs(offer: Offer | None, precision: str) -> int:
    needs = offer.needs if offer is not None else {}
    return needs.get(precision, needs.get("fp32", 0))


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
