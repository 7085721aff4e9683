"""The pages of the settings dialogue, one for each part of the settings."""
