"""Starting in a repository: what it says of itself, and the files with which the bot begins there.

`detecting` looks, `configuring` and `workflows` write texts, `writing` is the part that touches the
work tree. Nothing that is there already is ever changed.
"""
