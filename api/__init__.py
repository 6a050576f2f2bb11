"""The HTTP side: accepts products, says how far they are, and never runs a model."""
