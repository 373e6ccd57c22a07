"""What leaves the house: what waits, what failed and why, and sending it again."""
