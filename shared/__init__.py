"""What the API, the workers, training and the command line have in common."""
