"""The `shelfwise` command."""
