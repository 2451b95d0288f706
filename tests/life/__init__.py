"""The life of pull requests as a state machine: real ticks against random people and faults.

`machine` drives it, `judge` says from the outside what must never be, `at_github` and `at_local`
are the two places where it is played, `program` is what the bot repairs there.
"""
