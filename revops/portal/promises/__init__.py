"""The pages on which marketing keeps its word: findings to answer, leads to nurture, performance to share."""
