"""Our model with random weights, written and loaded as a user's would be, and its pieces timed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.network import BiomedGPT, EncoderOutput, initialise
from model_backend.biomedgpt.search import Search, search
from model_backend.biomedgpt.tokenizer import BOS, EOS
from model_backend.biomedgpt.weights import save_weights
from model_backend.folder import ModelFolder, Preprocess, sha256_of, write_model
from model_backend.models import load
from model_backend.request import CHOICE, FINDINGS, Answer, Decoding, ImageInput, Request

QUESTIONS = (
    "is there a pleural effusion?",
    "is there a pneumothorax?",
    "is the heart enlarged?",
    "is there a consolidation of the lung?",
    "is there a nodule or a mass?",
    "is there an oedema of the lung?",
    "is there a fracture of a rib?",
    "is there a central venous catheter?",
    "is there an endotracheal tube?",
    "is the mediastinum widened?",
    "is the diaphragm raised?",
)
ANSWERS = ("none", "left", "right", "both", "cannot assess")
SHORT = 4  # symbols of the text whose time is taken away from a long one's


def random_model(config: OFAConfig, path: Path, side: int) -> ModelFolder:
    """A model's folder whose weights mean nothing; half precision, as published files are."""
    torch.manual_seed(0)
    network = BiomedGPT(config)
    initialise(network)
    path.mkdir(parents=True)
    save_weights(path / "weights.safetensors", network)
    folder = ModelFolder(
        path=path,
        name="random",
        model_version="0",
        backend="biomedgpt",
        tasks=("answer", "choice", "findings"),
        config=config.to_json(),
        weights="weights.safetensors",
        sha256=sha256_of(path / "weights.safetensors"),
        preprocess=Preprocess(side),
        use="speed measurements only",
    )
    write_model(folder)
    return ModelFolder.read(path)


def picture() -> ImageInput:
    """A film of noise, of the size of a chest film."""
    return ImageInput(np.random.default_rng(1).integers(0, 256, (2000, 2000), np.uint8))


def caption_request(length: int, beam: int = 5) -> Request:
    """Exactly `length` symbols, the end included."""
    symbols = length - 1
    decoding = Decoding(beam=beam, max_tokens=symbols, min_tokens=symbols)
    return Request(FINDINGS, (picture(),), "what does the image describe?", (), decoding)


def question_requests(count: int) -> list[Request]:
    """Closed questions about one picture."""
    image = picture()
    return [Request(CHOICE, (image,), text, ANSWERS) for text in QUESTIONS[:count]]


@dataclass(frozen=True)
class Shared:
    """Closed questions about one picture, asked together and singly; seconds."""

    together: float
    singly: float  # the sum of single askings, each with its own stem
    stem: float
    stems: int  # how often the stem ran when they were asked together
    are_equal: bool  # texts equal and probabilities too
    largest: float  # the largest difference between two probabilities

    def ratio(self, count: int) -> float:
        """Of the time together to one stem and each question's own part."""
        return self.together / (self.singly - (count - 1) * self.stem)


class Ours:
    """One precision, in this process."""

    def __init__(
        self, folder: Path, precision: str, threads: int, source: int, device: str = "cpu"
    ) -> None:
        torch.set_num_threads(threads)
        model = load(ModelFolder.read(folder), device, precision)
        network = getattr(model, "_network", None)  # the pieces have no public name
        if not isinstance(network, BiomedGPT):
            raise RuntimeError("the model holds its network elsewhere now")
        self.model, self.network = model, network
        self.device = device
        self.precision = model.identity.precision or "fp32"
        size = ModelFolder.read(folder).preprocess
        self.side = size.size if size is not None else 0
        text = source - (self.side // 16) ** 2
        generator = torch.Generator().manual_seed(0)
        symbols = torch.randint(4, 50000, (1, text - 2), generator=generator)
        self.tokens = torch.cat([torch.tensor([[BOS]]), symbols, torch.tensor([[EOS]])], 1)
        self.image = torch.randn(1, 3, self.side, self.side, generator=generator)

    def step(self, beam: int, length: int) -> float:
        """Seconds a decoding step: a long text's time less a short one's, a step."""
        states = self.encode(self.stem())
        self.decode(states, beam, SHORT)  # a process that waited for its turn is cold
        spent = self.decode(states, beam, length) - self.decode(states, beam, SHORT)
        return spent / (length - SHORT)

    def caption(self, beam: int, length: int) -> tuple[float, float, float]:
        """Seconds from the pixels to the caption of `length` symbols; for the stem; the encoder."""
        list(self.model.answer([caption_request(SHORT, beam)], lambda: False))  # warm, as above
        begun = time.perf_counter()
        *_, last = self.model.answer([caption_request(length, beam)], lambda: False)
        whole = time.perf_counter() - begun
        if not isinstance(last, Answer) or not last.cut_off:
            raise RuntimeError("the caption ended before its length")
        begun = time.perf_counter()
        features = self.stem()
        between = time.perf_counter()
        self.encode(features)
        return whole, between - begun, time.perf_counter() - between

    def questions(self, count: int) -> Shared:
        """Closed questions on one picture, together and singly."""
        stems = 0

        def seen(*_: object) -> None:
            nonlocal stems
            stems += 1

        requests = question_requests(count)
        hook = self.network.encoder.embed_images.register_forward_hook(seen)
        together, answers = self._ask(requests)
        hook.remove()
        singly, single = 0.0, []
        for request in requests:
            spent, (answer,) = self._ask([request])
            singly += spent
            single.append(answer)
        stem = statistics.median(_timed(self.stem) for _ in range(3))
        pairs = [
            (one.probabilities or (), other.probabilities or ())
            for one, other in zip(answers, single, strict=True)
        ]
        largest = max(abs(a - b) for one, other in pairs for a, b in zip(one, other, strict=True))
        texts = [one.text for one in answers] == [one.text for one in single]
        return Shared(together, singly, stem, stems, texts and largest == 0, largest)

    @torch.inference_mode()
    def stem(self) -> torch.Tensor:
        return self.network.image_features(self.image.to(self.device))

    @torch.inference_mode()
    def encode(self, features: torch.Tensor) -> EncoderOutput:
        return self.network.encode(self.tokens.to(self.device), features=features)

    def decode(self, states: EncoderOutput, beam: int, length: int) -> float:
        """Seconds for a text of `length` symbols, the end included."""
        settings = Search(beam=beam, max_len_b=length - 1, min_len=length - 1)
        begun = time.perf_counter()
        for event in search(self.network, states, settings):
            if isinstance(event, list) and len(event[0][0].tokens) != length:
                raise RuntimeError(f"{len(event[0][0].tokens)} symbols instead of {length}")
        return time.perf_counter() - begun

    def _ask(self, requests: list[Request]) -> tuple[float, list[Answer]]:
        begun = time.perf_counter()
        events = list(self.model.answer(requests, lambda: False))
        spent = time.perf_counter() - begun
        return spent, [event for event in events if isinstance(event, Answer)]


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
