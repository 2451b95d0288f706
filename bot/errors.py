"""The one kind of failure that is somebody's to mend, as opposed to a defect of the bot."""

from __future__ import annotations


class UserError(Exception):
    """One clear sentence that says what is wrong and what to do; the command line exits with 1."""
