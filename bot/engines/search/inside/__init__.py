"""What runs inside the sandbox, on the interpreter of the code under repair.

Copied there as the package `amendbot_inside`. It knows the standard library and, where the target
has it, pytest; Python 3.8 must be able to read it. Three processes stand one behind the other, each
forked from the one before, and each forks a child for every candidate that needs it:

* *fresh* has imported the test runner and nothing of the project; it talks with the bot;
* *configured* has read pytest's settings and initial conftests, and is about to collect;
* *collected* holds every test, ready to run.
"""
