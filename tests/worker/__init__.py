"""Documents through a queue, with real processes that are killed."""
