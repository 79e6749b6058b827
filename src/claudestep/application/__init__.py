"""What ClaudeStep does: one use case a module, acting through the ports of the infrastructure."""
