"""Measurements of what must not grow with the repository; run one with `python -m bench.<name>`."""
