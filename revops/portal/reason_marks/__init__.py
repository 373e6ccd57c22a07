"""Reps say with one tap whether a reason helped or misled; the rule's owner reads the counts."""
