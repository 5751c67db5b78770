"""Real servers for tests: Elasticsearch nodes, clusters of them, and a proxy that refuses, records and breaks."""


class Unavailable(Exception):
    """Something that a server needs is missing; the message says what."""
