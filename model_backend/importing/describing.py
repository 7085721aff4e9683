"""What a checkpoint is for, told by the settings in it: tasks, prompts, answers, pictures."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from model_backend import request as names
from model_backend.biomedgpt.config import SIZES, OFAConfig
from model_backend.biomedgpt.prompts import PROMPT_TYPES
from model_backend.folder import Preprocess
from model_backend.importing.problems import ImportProblem
from model_backend.tasks import TASKS

_QUESTIONS = (names.ANSWER, names.CHOICE)
# What pre-training taught (spec 10.2). Grounding and regions are in the published code, but no
# published model was trained on them.
_PRE_TRAINED = (
    *_QUESTIONS,
    names.FINDINGS,
    names.MATCHING,
    names.DETECTION,
    names.INFILL_IMAGE,
    names.INFILL_TEXT,
)
_INSTRUCTED = (*_QUESTIONS, names.FINDINGS)
_TASKS: Mapping[str, tuple[str, ...]] = {  # by the task's name in a fairseq-style file (spec 2.1)
    "unify_task": _PRE_TRAINED,
    "vqa_gen": _QUESTIONS,
    "caption": (names.FINDINGS,),
    "image_classify": (names.CLASSIFY,),
    "mnli": (names.ENTAILMENT,),
    "mednli": (names.ENTAILMENT,),
    "snli_ve": (names.ENTAILMENT,),
    "gigaword": (names.SUMMARY,),
    "summary": (names.SUMMARY,),
    "refcoco": (names.GROUNDING,),
}
_BY_NAME = (  # where nothing but the name tells, as in the transformers style
    (re.compile(r"instruct", re.I), _INSTRUCTED),
    (re.compile(r"pre-?_?train", re.I), _PRE_TRAINED),
)
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_MOST_ANSWERS, _LONGEST_ANSWER, _LARGEST_LIST = 10_000, 400, 16 * 2**20


@dataclass(frozen=True)
class Description:
    """Fields of `ModelFolder` that the file's settings tell, and what is to be said of them."""

    tasks: tuple[str, ...]
    size: str
    preprocess: Preprocess
    prompt_type: str = "none"
    config: tuple[tuple[str, Any], ...] = ()  # what asking needs to know beside the network's
    answers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def describe(
    arguments: Mapping[str, Any], config: OFAConfig, name: str, tasks: Sequence[str] = ()
) -> Description:
    """What the settings of a file say; `tasks` override them, `name` helps where they are silent.

    Raises ImportProblem when nothing tells what the model was trained for.
    """
    tasks = tasks or _tasks(arguments, name)
    size = size_of(config)
    notes: list[str] = []
    answers = _answers(arguments, notes)
    prompt_type = arguments.get("prompt_type")
    config_of_asking: dict[str, Any] = {}
    if arguments.get("add_object") is True:  # empty, its symbols stand all the same (spec 8)
        config_of_asking["add_object"] = True
    if tuple(tasks) == (names.CLASSIFY,):
        config_of_asking["cased_answers"] = True  # names of classes were learnt as they stand
    longest = arguments.get("max_src_length")  # words, of a summary's source ids (spec 8)
    is_one_task = arguments.get("_task") != "unify_task"
    if is_one_task and type(longest) is int and 1 <= longest <= config.max_positions:
        config_of_asking["max_source"] = dict.fromkeys(tasks, longest)
    return Description(
        tasks=tuple(dict.fromkeys(tasks)),
        size=size,
        preprocess=_preprocess(arguments, config, size, tasks),
        prompt_type=prompt_type if prompt_type in PROMPT_TYPES else "none",
        config=tuple(config_of_asking.items()),
        answers=answers,
        notes=tuple(notes),
    )


def size_of(config: OFAConfig) -> str:
    """The published size with these widths and layers, else "" (spec 1)."""

    def shape(one: OFAConfig) -> tuple[object, ...]:
        layers = (one.encoder_layers, one.decoder_layers, one.resnet_layers)
        return (one.d_model, one.ffn_dim, one.heads, *layers, one.vocab_size)

    return next((size for size, one in SIZES.items() if shape(one) == shape(config)), "")


def checked_tasks(tasks: Sequence[str]) -> tuple[str, ...]:
    """Tasks that a person named. Raises ImportProblem at one that nobody knows."""
    for task in tasks:
        if task not in TASKS:
            raise ImportProblem(
                f"There is no task {task[:40]!r}. The tasks are {', '.join(TASKS)}."
            )
    return tuple(tasks)


def _tasks(arguments: Mapping[str, Any], name: str) -> tuple[str, ...]:
    task = arguments.get("_task")
    if task == "vqa_gen" and _BY_NAME[0][0].search(name):
        return _INSTRUCTED
    if isinstance(task, str) and task in _TASKS:
        return _TASKS[task]
    for pattern, tasks in _BY_NAME:
        if pattern.search(name):
            return tasks
    told = f"says {task[:40]!r}" if isinstance(task, str) else "says nothing"
    raise ImportProblem(
        f"{name} {told} of what it was trained for. Say it with --task, once for each of: "
        f"{', '.join(TASKS)}."
    )


def _preprocess(
    arguments: Mapping[str, Any], config: OFAConfig, size: str, tasks: Sequence[str]
) -> Preprocess:
    """The picture's side from the file, else from spec 7's table; ImageNet's statistics where
    the file's switch is set, or is missing from a classifier."""
    widest = 16 * config.image_bucket_size
    side = arguments.get("patch_image_size") if "_task" in arguments else None
    if type(side) is not int or not 16 <= side <= widest:
        small = size in ("small", "medium")
        if tuple(tasks) == (names.FINDINGS,):
            side = 480
        elif names.INFILL_TEXT in tasks:
            side = 256
        else:
            side = 256 if small else 384
    is_classifier = tuple(tasks) == (names.CLASSIFY,)
    if arguments.get("imagenet_default_mean_and_std", is_classifier) is True:
        return Preprocess(min(side, widest), *_IMAGENET)
    return Preprocess(min(side, widest))


# --- the closed list of answers ---


def _answers(arguments: Mapping[str, Any], notes: list[str]) -> tuple[str, ...]:
    """The list that fine-tuning wrote into the settings, in the order of its labels."""
    held, file = arguments.get("ans2label_dict"), arguments.get("ans2label_file")
    if isinstance(file, str) and file:
        name = file.replace("\\", "/").rpartition("/")[2][:80]
        notes.append(
            f"Its list of answers is in {name}, a pickle, which is not read: give the list as text "
            "or JSON with --answers."
        )
        return ()
    try:
        table = json.loads(held) if isinstance(held, str) else held
        return _in_order(table) if isinstance(table, dict) else ()
    except (ValueError, RecursionError):
        notes.append("Its list of answers cannot be read: give it with --answers.")
        return ()


def read_answers(path: Path) -> tuple[str, ...]:
    """A list of answers: a text file, one a line; or JSON, a list or a table answer to label.

    Raises ImportProblem; a pickle is refused, whatever it holds.
    """
    try:
        if path.suffix.lower() in (".pkl", ".pickle"):
            raise ValueError("a pickle could run code and is not read")
        with path.open("rb") as file:
            body = file.read(_LARGEST_LIST + 1)
        if len(body) > _LARGEST_LIST:
            raise ValueError("too large")
        if path.suffix.lower() == ".json":
            content = json.loads(body)
            return _in_order(content) if isinstance(content, dict) else _listed(content)
        lines = body.decode("utf-8-sig").splitlines()
        return _listed([line.strip() for line in lines if line.strip()])
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)[:120]
        raise ImportProblem(
            f"The list of answers {path.name} cannot be read ({reason}). Give a text file with one "
            "answer a line, or JSON."
        ) from error


def _in_order(table: Mapping[Any, Any]) -> tuple[str, ...]:
    if not all(type(label) is int for label in table.values()):
        raise ValueError("a label is no number")
    return _listed(sorted(table, key=lambda answer: int(table[answer])))


def _listed(answers: Any) -> tuple[str, ...]:
    if not isinstance(answers, list):
        raise ValueError("no list")
    if not answers or len(answers) > _MOST_ANSWERS:
        raise ValueError(f"{len(answers)} answers")
    for one in answers:
        if not isinstance(one, str) or not one.strip() or len(one) > _LONGEST_ANSWER:
            raise ValueError("one answer is empty, too long or no text")
    if len(set(answers)) != len(answers):
        raise ValueError("one answer stands twice")
    return tuple(answers)


def with_answers(description: Description, answers: tuple[str, ...]) -> Description:
    """The same with a list that a person gave."""
    return replace(description, answers=answers, notes=())
