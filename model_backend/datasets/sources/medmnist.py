"""MedMNIST: small standardised pictures in .npz files, 2-D sets alone."""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from model_backend.datasets.draft import Fault, Found, Origin, Source
from model_backend.datasets.picture import png_of
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.row import TEST, TRAIN, VALIDATION
from model_backend.datasets.texts import classified

PARTS = {"train": TRAIN, "val": VALIDATION, "test": TEST}
_ORGANS = ("bladder", "femur-left", "femur-right", "heart", "kidney-left", "kidney-right") + (
    *("liver", "lung-left", "lung-right", "pancreas", "spleen"),
)
# The classes by their number, as the package `medmnist` names them.
CLASSES: dict[str, tuple[str, ...]] = {
    "pathmnist": ("adipose", "background", "debris", "lymphocytes", "mucus", "smooth muscle")
    + ("normal colon mucosa", "cancer-associated stroma", "colorectal adenocarcinoma epithelium"),
    "dermamnist": ("actinic keratoses and intraepithelial carcinoma", "basal cell carcinoma")
    + ("benign keratosis-like lesions", "dermatofibroma", "melanoma", "melanocytic nevi")
    + ("vascular lesions",),
    "octmnist": ("choroidal neovascularization", "diabetic macular edema", "drusen", "normal"),
    "pneumoniamnist": ("normal", "pneumonia"),
    "retinamnist": ("0", "1", "2", "3", "4"),
    "breastmnist": ("malignant", "normal, benign"),
    "bloodmnist": ("basophil", "eosinophil", "erythroblast")
    + ("immature granulocytes(myelocytes, metamyelocytes and promyelocytes)", "lymphocyte")
    + ("monocyte", "neutrophil", "platelet"),
    "tissuemnist": ("Collecting Duct, Connecting Tubule", "Distal Convoluted Tubule")
    + ("Glomerular endothelial cells", "Interstitial endothelial cells", "Leukocytes", "Podocytes")
    + ("Proximal Tubule Segments", "Thick Ascending Limb"),
    "organamnist": _ORGANS,
    "organcmnist": _ORGANS,
    "organsmnist": _ORGANS,
}
_NAME = re.compile(r"(?P<set>[a-z]+)(_(64|128|224))?\.npz")


def read(origin: Origin) -> Iterator[Found]:
    """The pictures of one file, or of every file of a folder."""
    files = [origin.path] if origin.path.is_file() else sorted(origin.path.glob("*.npz"))
    if not files:
        raise DatasetProblem(f"The folder {origin.path} has no .npz file of MedMNIST.")
    for file in files:
        named = _NAME.fullmatch(file.name)
        if named is None or named["set"] not in CLASSES:
            raise DatasetProblem(
                f"{file} is no set of MedMNIST with one class a picture: {', '.join(CLASSES)}."
            )
        yield from _pictures(file, named["set"])


def _pictures(file: Path, name: str) -> Iterator[Found]:
    try:
        with zipfile.ZipFile(file) as arrays:
            for theirs, part in PARTS.items():
                with arrays.open(f"{theirs}_labels.npy") as stream:
                    labels = np.lib.format.read_array(stream, allow_pickle=False)
                with arrays.open(f"{theirs}_images.npy") as stream:
                    yield from _part(stream, labels.reshape(len(labels), -1), name, part)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DatasetProblem(f"{file} cannot be read as MedMNIST ({error}).") from error


def _part(stream: IO[bytes], labels: NDArray[Any], name: str, part: str) -> Iterator[Found]:
    classes = CLASSES[name]
    for number, (image, label) in enumerate(zip(_images(stream), labels, strict=True)):
        place = f"{part} picture {number} of {name}"
        if len(label) != 1 or not 0 <= int(label[0]) < len(classes):
            yield Fault(place, f"its label '{label.tolist()}' is no class of the set")
            continue
        row = f"{name} {part} {number}"
        yield classified(
            row,
            row,
            classes[int(label[0])],
            classes,
            partial(png_of, image),
            official=part,
            place=place,
            attributes={"set": name},
        )


def _images(stream: IO[bytes]) -> Iterator[NDArray[np.uint8]]:
    """One picture after the other: those of 224 pixels do not fit into memory together.

    Raises ValueError for an array that is no list of pictures, or ends early.
    """
    version = np.lib.format.read_magic(stream)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else None
    shape, is_fortran, kind = (header or np.lib.format.read_array_header_2_0)(stream)
    if kind != np.uint8 or is_fortran or len(shape) not in (3, 4):
        raise ValueError(f"its pictures are {kind} of {len(shape)} dimensions")
    size = math.prod(shape[1:])
    for _ in range(shape[0]):
        body = stream.read(size)
        if len(body) < size:
            raise ValueError("it ends early")
        yield np.frombuffer(body, np.uint8).reshape(shape[1:])


SOURCE = Source(
    "medmnist",
    "MedMNIST v2",
    "CC BY 4.0 (DermaMNIST: CC BY-NC 4.0)",
    "a file such as pneumoniamnist_224.npz, or a folder of them",
    "package medmnist 3.0.2 (info.py, dataset.py); Yang et al., doi:10.1038/s41597-022-01721-8",
    "picture",
    read,
    "The sets say nothing of patients. ChestMNIST (several labels a picture) and 3-D sets: no.",
)
