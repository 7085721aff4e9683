"""What models found and readers measured, as an object for machines: TID 1500."""
