"""LoRA by peft: small matrices learn beside frozen ones, and are added to them at the end."""

from __future__ import annotations

from typing import Any

from torch import nn

from model_backend.biomedgpt.layers import Norm
from model_backend.biomedgpt.network import BiomedGPT
from model_backend.training.problems import TrainingProblem
from model_backend.tuning.recipe import Adapters


def inject(network: BiomedGPT, wanted: Adapters) -> None:
    """Freeze the network and give its layers adapters. Raises TrainingProblem."""
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise TrainingProblem(
            "Adapters need peft, which is not installed. Install it with: "
            'pip install "wetread[adapters]"'
        ) from error
    network.requires_grad_(False)
    config = LoraConfig(
        r=wanted.rank,
        lora_alpha=wanted.alpha,
        lora_dropout=wanted.dropout,
        target_modules=list(wanted.targets),
    )
    try:
        inject_adapter_in_model(config, network)
    except ValueError as error:
        raise TrainingProblem(
            f"There is no layer {', '.join(wanted.targets)} to adapt: {str(error).splitlines()[0]}"
        ) from error
    if wanted.learn_norms:
        for name, parameter in network.named_parameters():
            if name.endswith("c_attn"):
                parameter.requires_grad_(True)
        for module in network.modules():
            if isinstance(module, Norm):
                module.requires_grad_(True)


def merge(network: BiomedGPT) -> None:
    """Add every adapter to the layer that it stands beside, and take it away."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if hasattr(child, "base_layer") and hasattr(child, "merge"):
                setattr(module, name, _merged(child))


def _merged(layer: Any) -> nn.Module:
    layer.merge()
    base: nn.Module = layer.base_layer
    return base
