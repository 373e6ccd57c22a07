"""Who may be the same: the queue of proposals, merging with a choice for every fact, and taking it back."""
