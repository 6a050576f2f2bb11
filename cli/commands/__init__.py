"""The subcommands of `shelfwise`, each a shell over one call. Imports wait until they are needed."""
