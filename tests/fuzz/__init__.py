"""Arbitrary input for everything that reads or renders: only clear refusals may come back."""
