"""What the portal told somebody: their own notices on a page."""
