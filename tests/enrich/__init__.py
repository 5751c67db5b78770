"""`simsearch enrich`, on indices that simsearch did not make."""
