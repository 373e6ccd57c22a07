"""People, teams and roles; who takes leads, how many, and when they are away."""
