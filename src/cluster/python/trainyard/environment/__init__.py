"""What a pool asks an interpreter before a run: what it is, and what a script would miss. Nothing is imported for it."""
