"""Programs that Determined starts itself."""
