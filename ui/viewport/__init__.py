"""The film: picture, mouse tools, overlays."""
