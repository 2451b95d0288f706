"""How much the jobs of one tick hand on, and how much of it is read."""

from __future__ import annotations

MAX_MATRIX = 256
"""So many jobs GitHub starts of one matrix."""
MAX_WORK_BYTES = 64 * 1024 * 1024
MAX_BUNDLE_BYTES = 4 * 1024 * 1024 * 1024
MAX_ANSWERS_BYTES = 8 * 1024 * 1024
MAX_FILES = 4 * MAX_MATRIX
"""So many files one command reads of a folder."""
MAX_ALL_BYTES = 256 * 1024 * 1024
"""So much they may hold together."""
MAX_FILES_OF_ONE = 8
"""So many of them one job may leave."""
