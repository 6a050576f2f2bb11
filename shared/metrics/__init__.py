"""Metrics: what a process counts about itself, for Prometheus to fetch.

Each process has one registry of its own and counts in memory. What the database knows better, like the depth of the
queue, is read when somebody asks (`shared/backlog.py`). No label has ids in it, or anything else without bounds.
"""
