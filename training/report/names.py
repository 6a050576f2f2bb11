"""What a report calls its answers and its files."""

TEXT, IMAGE, FUSED, SERVED, BASELINE = "text", "image", "fused", "served", "baseline"
BASELINE_TITLE = "TF-IDF + logistic regression (text)"

REPORT = "report.md"
METRICS = "metrics.json"
PER_CLASS = "per_class.csv"
CONFUSION = "confusion.csv"
PREDICTIONS = "predictions.csv"
