"""Who gets which lead: turns and their balance, rules of territories, dry runs, and leads that wait for somebody."""
