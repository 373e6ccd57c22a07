"""The page of the weekly revenue review."""
