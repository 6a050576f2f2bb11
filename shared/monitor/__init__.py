"""The monitor: how the service does, measured now, in reads that stay small however much there is.

look        all of it, from one state of the database
workers     who works, and who has not been heard of
lanes       what waits, what is being worked, and who serves it
work        rows, answers' times and model calls of the last minutes
accuracy    how often people agreed with the predictions that they looked at
drift       how far products have moved away from those that the bundle was trained on
drift_bins  what the parts of those distributions are called
history     throughput and latency over the last hours
webhooks    what waits to be told, and what came of the tries
"""
