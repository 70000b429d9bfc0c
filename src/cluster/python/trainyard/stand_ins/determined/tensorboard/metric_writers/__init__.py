"""One writer for each framework."""
