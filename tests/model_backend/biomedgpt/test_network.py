"""The network gives the reference's numbers, layer by layer (goldens/tiny)."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.network import BiomedGPT, DecoderCache, EncoderOutput, initialise
from model_backend.request import BadRequest

TOLERANCE = 1e-4
Tensors = dict[str, Tensor]


def assert_close(found: Tensor, golden: Tensor) -> None:
    torch.testing.assert_close(found, golden, atol=TOLERANCE, rtol=0)


def encode(network: BiomedGPT, inputs: Tensors, case: str) -> EncoderOutput:
    """The encoder's output of a golden case."""
    tokens, masks = inputs["src_tokens"], inputs["patch_masks"]
    if case == "text_only":
        return network.encode(tokens)
    pictures = {"nonsquare": "patch_images_nonsquare", "interpolated": "patch_images_big"}
    order = inputs["sampled_patch_orders"] if case == "sampled" else None
    return network.encode(tokens, inputs[pictures.get(case, "patch_images")], masks, order=order)


CASES = ["full", "text_only", "nonsquare", "interpolated", "sampled", "code_all", "code_mixed"]


@pytest.mark.parametrize("case", CASES)
def test_every_golden_case_agrees(
    case: str, tiny: BiomedGPT, tiny_config: OFAConfig, inputs: Tensors, outputs: Tensors
) -> None:
    network = tiny
    if case == "interpolated":
        network = BiomedGPT(replace(tiny_config, interpolate_position=True)).eval()
        network.load_state_dict(tiny.state_dict())
    codes = {"code_all": torch.tensor([True] * 3), "code_mixed": torch.tensor([False, True, False])}

    with torch.no_grad():
        encoder = encode(network, inputs, case)
        logits = network.decode(inputs["prev_output_tokens"], encoder, codes.get(case))

    found = {
        "encoder_out": encoder.states,
        "encoder_padding_mask": encoder.padding_mask.to(torch.float32),
        "position_embeddings": encoder.positions.expand(3, -1, -1),
        "logits": logits,
    }
    checked = [name for name in found if f"{case}.{name}" in outputs]
    assert "encoder_out" in checked
    for name in checked:
        assert_close(found[name], outputs[f"{case}.{name}"].to(torch.float32))


def test_every_layer_agrees(tiny: BiomedGPT, inputs: Tensors, outputs: Tensors) -> None:
    with torch.no_grad():
        features = tiny.image_features(inputs["patch_images"])
        encoder = encode(tiny, inputs, "full")
        _, states = tiny.decoder(inputs["prev_output_tokens"], encoder)

    assert_close(features, outputs["full.resnet"])
    for number, state in enumerate(encoder.layers):
        assert_close(state, outputs[f"full.encoder_state_{number}"])
    for number, state in enumerate(states):
        assert_close(state, outputs[f"full.decoder_state_{number}"])


def test_every_golden_output_is_compared(outputs: Tensors) -> None:
    compared = {"encoder_out", "encoder_padding_mask", "position_embeddings", "logits", "resnet"}
    for name in outputs:
        case, quantity = name.split(".")
        layered = quantity.startswith(("encoder_state_", "decoder_state_"))
        assert case in CASES
        assert quantity in compared or (layered and case == "full"), name


def test_features_computed_once_serve_many_questions(tiny: BiomedGPT, inputs: Tensors) -> None:
    picture, tokens = inputs["patch_images"][:1], inputs["src_tokens"]

    with torch.no_grad():
        features = tiny.image_features(picture)
        together = tiny.encode(tokens, features=features).states
        alone = [tiny.encode(tokens[row : row + 1], picture).states for row in range(3)]

    assert_close(together, torch.cat(alone))


def test_caches_change_nothing(tiny: BiomedGPT, inputs: Tensors) -> None:
    tokens = inputs["prev_output_tokens"][:1]
    length = int((tokens != 1).sum())
    cache = DecoderCache()

    with torch.no_grad():
        encoder = tiny.encode(inputs["src_tokens"][:1], inputs["patch_images"][:1])
        whole = tiny.decode(tokens[:, :length], encoder)
        steps = [tiny.decode(tokens[:, : end + 1], encoder, cache=cache) for end in range(length)]

    assert_close(torch.cat(steps, dim=1), whole)


def test_positions_are_added_to_the_decoder_only_where_a_checkpoint_wants_it(
    tiny: BiomedGPT, tiny_config: OFAConfig, inputs: Tensors, outputs: Tensors
) -> None:
    network = BiomedGPT(replace(tiny_config, disable_entangle=False)).eval()
    network.load_state_dict(tiny.state_dict())

    with torch.no_grad():
        encoder = encode(network, inputs, "full")
        logits = network.decode(inputs["prev_output_tokens"], encoder)

    assert_close(encoder.states, outputs["full.encoder_out"])
    assert (logits - outputs["full.logits"]).abs().max() > 0.01


def test_a_picture_of_too_many_patches_is_refused(tiny: BiomedGPT, inputs: Tensors) -> None:
    with pytest.raises(BadRequest, match="at most 8 x 8"):
        tiny.encode(inputs["src_tokens"][:1], torch.zeros(1, 3, 160, 64))


def test_training_from_nothing_starts_small_and_repeats(tiny_config: OFAConfig) -> None:
    weights = []
    for _ in range(2):
        torch.manual_seed(3)
        network = BiomedGPT(tiny_config)
        initialise(network)
        weights.append(network.encoder.embed_tokens.weight.detach())

    assert torch.equal(*weights)
    assert abs(float(weights[0].std()) - 0.02) < 0.001
    assert bool(weights[0][1].abs().sum() > 0)  # the pad row is not zero


def test_texts_that_the_position_tables_do_not_reach_are_refused(tiny: BiomedGPT) -> None:
    encoder = tiny.encode(torch.tensor([[0, 5, 2]]))

    for length in (0, 1025):
        with pytest.raises(BadRequest, match=f"not of {length}"):
            tiny.encode(torch.zeros(1, length, dtype=torch.long))
        with pytest.raises(BadRequest, match=f"not of {length}"):
            tiny.decode(torch.zeros(1, length, dtype=torch.long), encoder)


def test_more_codes_than_the_image_has_are_refused(tiny: BiomedGPT) -> None:
    encoder = tiny.encode(torch.tensor([[0, 5, 2]]))

    tiny.decode(torch.full((1, 65), 6505), encoder, torch.tensor([True]))
    with pytest.raises(BadRequest, match="at most 64 codes"):
        tiny.decode(torch.full((1, 66), 6505), encoder, torch.tensor([True]))


@pytest.mark.parametrize("codes", [None, [True, False, False, True, True, False]])
def test_rows_that_share_a_sentence_agree_with_rows_that_do_not(
    tiny: BiomedGPT, inputs: Tensors, codes: list[bool] | None
) -> None:
    masks = None if codes is None else torch.tensor(codes)
    tokens = torch.randint(4, 6000, (6, 5), generator=torch.Generator().manual_seed(1))

    with torch.no_grad():
        encoder = encode(tiny, inputs, "sampled")  # positions of its own for every sentence
        rows = torch.arange(3).repeat_interleave(2)
        apart = EncoderOutput(
            encoder.states[rows], encoder.padding_mask[rows], encoder.positions[rows]
        )
        shared, cache = tiny.decode(tokens, encoder, masks), DecoderCache()
        steps = [tiny.decode(tokens[:, : end + 1], encoder, masks, cache) for end in range(5)]

        assert_close(shared, tiny.decode(tokens, apart, masks))
        assert_close(torch.cat(steps, dim=1), shared)
