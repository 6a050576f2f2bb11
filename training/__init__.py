"""Training: products, architectures, fitting, evaluation, and the export of a bundle."""
