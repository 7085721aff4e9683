"""Everything DICOM: images, network, structured reports and their safe keeping; no Qt, no torch."""
