"""Companies: the list, one account with all its people, its buying group, surges, and what goes on inside."""
