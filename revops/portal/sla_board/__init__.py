"""The pages on which both sides see whether they keep their word."""
