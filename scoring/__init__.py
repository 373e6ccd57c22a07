"""Floor 2: how good is this lead, and why."""
