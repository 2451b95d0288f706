"""An agent writes down what is wrong with its code; this bot proposes the fix."""
