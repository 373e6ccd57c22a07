"""What people may ask about their own data, and the proof that erasing leaves nothing."""
