"""Report templates: forms as data, read from and written as MRRT."""
