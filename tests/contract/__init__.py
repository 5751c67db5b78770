"""One suite for all engines: the same behaviour through the same door."""
