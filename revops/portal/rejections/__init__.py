"""The page on which marketing sees which source, rule or message sends leads that sales refuses."""
