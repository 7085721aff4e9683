"""Which images a content item may refer to, and which of them by frame."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import UID

# SOP classes whose instances may have several frames (PS3.3 A, each class with the Multi-frame
# module). A reference by frame to any other class is an error, whatever NumberOfFrames says.
MULTI_FRAME = frozenset(
    f"1.2.840.10008.5.1.4.1.1.{suffix}"
    for suffix in (
        "2.1",  # Enhanced CT
        "2.2",  # Legacy Converted Enhanced CT
        "3.1",  # Ultrasound Multi-frame
        "4.1",  # Enhanced MR
        "4.3",  # Enhanced MR Color
        "4.4",  # Legacy Converted Enhanced MR
        "6.2",  # Enhanced Ultrasound Volume
        "7.1",  # Multi-frame Single Bit Secondary Capture
        "7.2",  # Multi-frame Grayscale Byte Secondary Capture
        "7.3",  # Multi-frame Grayscale Word Secondary Capture
        "7.4",  # Multi-frame True Color Secondary Capture
        "12.1",  # X-Ray Angiographic
        "12.1.1",  # Enhanced XA
        "12.2",  # X-Ray Radiofluoroscopic
        "12.2.1",  # Enhanced XRF
        "13.1.1",  # X-Ray 3D Angiographic
        "13.1.2",  # X-Ray 3D Craniofacial
        "13.1.3",  # Breast Tomosynthesis
        "13.1.4",  # Breast Projection, for presentation
        "13.1.5",  # Breast Projection, for processing
        "14.1",  # Intravascular OCT, for presentation
        "14.2",  # Intravascular OCT, for processing
        "20",  # Nuclear Medicine
        "77.1.1.1",  # Video Endoscopic
        "77.1.2.1",  # Video Microscopic
        "77.1.4.1",  # Video Photographic
        "77.1.5.1",  # Ophthalmic Photography 8 Bit
        "77.1.5.2",  # Ophthalmic Photography 16 Bit
        "77.1.5.4",  # Ophthalmic Tomography
        "77.1.6",  # VL Whole Slide Microscopy
        "128.1",  # Legacy Converted Enhanced PET
        "130",  # Enhanced PET
        "481.1",  # RT Image
    )
)


def is_referable(image: Dataset) -> bool:
    """True when a content item of type IMAGE may refer to it: an image, no dose or plan."""
    return "Image Storage" in UID(str(image.get("SOPClassUID") or "")).name


def referable_frame(image: Dataset, frame: int) -> int:
    """The frame (from 1) as a reference may name it; 0 when only the whole image can be named."""
    frames = int(image.get("NumberOfFrames") or 1)
    if frames > 1 and str(image.SOPClassUID) in MULTI_FRAME:
        return frame if frame <= frames else 0
    return 0
