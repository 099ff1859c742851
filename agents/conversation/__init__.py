"""What a turn does besides asking for items: questions about what was shown, more, undo, and their answers."""
