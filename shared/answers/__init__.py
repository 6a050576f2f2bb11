"""What the service says of jobs and predictions, to whoever asks for them and to whoever is told by a webhook."""
