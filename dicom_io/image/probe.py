"""What one pixel measures."""

from __future__ import annotations

from dicom_io.image.frame import ImageFrame
from dicom_io.image.modality import Values, modality_of


def modality_value(
    frame: ImageFrame, stored: Values, column: int, row: int
) -> tuple[float, str] | None:
    """The modality value at a pixel and its unit ("HU", "" when the file names none).

    None outside the image and in colour, which measures nothing.
    """
    rows, columns = stored.shape[:2]
    if stored.ndim != 2 or not (0 <= row < rows and 0 <= column < columns):
        return None
    modality = modality_of(frame)
    return float(modality(stored[row : row + 1, column : column + 1])[0, 0]), modality.unit
