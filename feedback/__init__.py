"""Floor 4: what sales answered and what we learn from it."""
