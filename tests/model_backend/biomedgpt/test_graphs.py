"""Static decoding steps say what the ordinary ones say; their capture needs a graphics card."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from model_backend.biomedgpt.constraints import Trie
from model_backend.biomedgpt.graphs import StaticStep, StepGraphs
from model_backend.biomedgpt.network import BiomedGPT, EncoderOutput
from model_backend.biomedgpt.scoring import select
from model_backend.biomedgpt.search import Hypothesis, Search, generate, search

LONG = Search(beam=3, max_len_b=110, min_len=110)  # grows out of its first room of slots
SHORT = Search(beam=3, max_len_b=12, no_repeat_ngram_size=2)


@pytest.fixture
def sentences(tiny: BiomedGPT, inputs: dict[str, Tensor]) -> list[EncoderOutput]:
    """Three sentences by themselves: with a picture, without, with pads."""
    with torch.no_grad():
        states = tiny.encode(inputs["src_tokens"], inputs["patch_images"], inputs["patch_masks"])
    return [select(states, torch.tensor([row])) for row in range(len(states.states))]


@pytest.fixture
def graphs(tiny: BiomedGPT, monkeypatch: pytest.MonkeyPatch) -> StepGraphs:
    """Static steps without capture, in use."""
    steps = StepGraphs(tiny.decoder, capture=False)
    monkeypatch.setattr(tiny, "graphs", steps)
    return steps


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many slots each static step had in use."""
    slots: list[int] = []
    run = StaticStep.__call__

    def counted(step: StaticStep, tokens: Tensor, own: Tensor, across: Tensor, used: int) -> Tensor:
        slots.append(used)
        return run(step, tokens, own, across, used)

    monkeypatch.setattr(StaticStep, "__call__", counted)
    yield slots


def eager(tiny: BiomedGPT, states: EncoderOutput, settings: Search) -> list[Hypothesis]:
    steps, tiny.graphs = tiny.graphs, None
    (found,) = generate(tiny, states, settings)
    tiny.graphs = steps
    return found


def agree(found: list[Hypothesis], wanted: list[Hypothesis]) -> bool:
    return [one.tokens for one in found] == [one.tokens for one in wanted] and all(
        one.score == pytest.approx(other.score, abs=1e-4)
        for one, other in zip(found, wanted, strict=True)
    )


@pytest.mark.parametrize("settings", [LONG, SHORT, Search(beam=1, max_len_b=12)])
def test_static_steps_find_the_same_symbols(
    settings: Search,
    tiny: BiomedGPT,
    sentences: list[EncoderOutput],
    graphs: StepGraphs,
    taken: list[int],
) -> None:
    for states in sentences:
        taken.clear()

        (found,) = generate(tiny, states, settings)

        assert agree(found, eager(tiny, states, settings))
        assert len(taken) >= len(max((one.tokens for one in found), key=len)) - 1


def test_prompts_and_answer_lists_are_kept_to(
    tiny: BiomedGPT, sentences: list[EncoderOutput], graphs: StepGraphs, taken: list[int]
) -> None:
    trie = Trie([(20, 21, 22), (20, 23), (24,)])
    options = {"prefixes": [[7, 8, 9]], "trie": trie}

    (found,) = generate(tiny, sentences[0], SHORT, **options)  # type: ignore[arg-type]  # by name

    tiny.graphs = None
    (wanted,) = generate(tiny, sentences[0], SHORT, **options)  # type: ignore[arg-type]  # by name
    assert agree(found, wanted)
    assert taken


def test_two_searches_at_once_do_not_touch_each_other(
    tiny: BiomedGPT, sentences: list[EncoderOutput], graphs: StepGraphs
) -> None:
    searches = [search(tiny, states, SHORT) for states in sentences[:2]]

    found: dict[int, list[Hypothesis]] = {}
    while len(found) < 2:
        for number, steps in enumerate(searches):
            event = next(steps, None)
            if isinstance(event, list):
                found[number] = event[0]

    for number in (0, 1):
        assert agree(found[number], eager(tiny, sentences[number], SHORT))


def test_several_sentences_and_code_sequences_go_the_ordinary_way(
    tiny: BiomedGPT, inputs: dict[str, Tensor], graphs: StepGraphs, taken: list[int]
) -> None:
    with torch.no_grad():
        states = tiny.encode(inputs["src_tokens"])

    generate(tiny, states, Search(beam=3, max_len_b=6, min_len=6))
    generate(tiny, select(states, torch.tensor([0])), Search(max_len_b=4, gen_code=True))

    assert taken == []


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_captured_steps_find_the_same_symbols(
    tiny: BiomedGPT, sentences: list[EncoderOutput]
) -> None:
    on_card = tiny.to("cuda")
    on_card.graphs = StepGraphs(on_card.decoder)
    for one in sentences:
        states = EncoderOutput(one.states.cuda(), one.padding_mask.cuda(), one.positions.cuda())

        (found,) = generate(on_card, states, LONG)

        assert agree(found, eager(on_card, states, LONG))
    tiny.to("cpu").graphs = None
