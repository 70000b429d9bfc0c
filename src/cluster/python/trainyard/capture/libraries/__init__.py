"""A file for each library. Each is imported when the script has imported that library, and not before."""
