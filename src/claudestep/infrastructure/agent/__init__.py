"""Who does a step: programs, one adapter a kind."""
