"""Repair by searching: no model, no key; what it proposes has passed the tests."""
