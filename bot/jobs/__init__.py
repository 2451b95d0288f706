"""Jobs: one tick as separate jobs with separate rights, and the files that travel between them.

One job observes and lists the work, others answer and verify it without a forge, a token or a
remote, and the last one decides and acts. What they hand on is data: read within limits, checked
against a schema, and never done because a file said so.
"""
