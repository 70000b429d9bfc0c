"""The supervisor: runs one script, watches it, and says how it ended."""
