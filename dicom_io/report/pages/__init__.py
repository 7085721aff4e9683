"""Reports of any maker as readable pages."""
