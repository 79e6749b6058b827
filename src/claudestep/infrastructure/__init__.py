"""How ClaudeStep reaches the world: git, files, processes, and the ports that hide them."""
