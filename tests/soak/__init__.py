"""What must hold however often processes are killed. KILLS says how often; `make soak` takes 50."""
