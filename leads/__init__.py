"""Floor 1: who knocked."""
