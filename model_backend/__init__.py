"""From pixels and words to words: the model, its process, its training; no Qt, no DICOM."""
