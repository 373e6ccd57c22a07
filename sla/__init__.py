"""Floor 3: who must act by when."""
