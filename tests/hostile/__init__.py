"""Reflections written to harm, and what must come of them: nothing beyond their incident."""
