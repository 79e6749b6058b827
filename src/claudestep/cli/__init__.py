"""How ClaudeStep is called: options in, results out, errors as sentences."""
