"""The routes: each parses, makes one call, and answers."""
