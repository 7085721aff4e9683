"""Held-out figures beside floors that never look at the picture, and the model card."""
