"""A complete viewer and report editor that knows no model."""
