"""The tables of the embedded engine: one SQLite file."""

from __future__ import annotations

import string

#: Format of the file; a file of another format is refused.
FORMAT = 3

# Our tokens are folded words with spaces between, so every other character belongs to a token. The ascii
# tokenizer takes all beyond ASCII as such; it indexes faster than unicode61 told the same.
_TOKEN_MARKS = "".join(mark for mark in string.punctuation if mark != "'").replace('"', '""')

TABLES = f"""
CREATE TABLE about (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE documents (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, sequence INTEGER NOT NULL, digest TEXT NOT NULL,
  state TEXT NOT NULL, known_ratio REAL NOT NULL, title TEXT NOT NULL, source TEXT NOT NULL,
  metadata TEXT NOT NULL, tags TEXT NOT NULL, text TEXT NOT NULL
);
CREATE TABLE tombstones (id TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE dead_letters (
  id TEXT PRIMARY KEY, reason TEXT NOT NULL, model TEXT NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL,
  tries INTEGER NOT NULL, sequence INTEGER NOT NULL, document TEXT
);
CREATE TABLE tags (tag TEXT NOT NULL, document INTEGER NOT NULL, PRIMARY KEY (tag, document)) WITHOUT ROWID;
CREATE TABLE passages (
  number INTEGER PRIMARY KEY, document INTEGER NOT NULL, position INTEGER NOT NULL,
  start INTEGER NOT NULL, end INTEGER NOT NULL, words TEXT NOT NULL, has_vector INTEGER NOT NULL
);
CREATE INDEX passages_of_document ON passages (document, position);
CREATE VIRTUAL TABLE postings USING fts5 (
  words, parts, content='', contentless_delete=1, tokenize="ascii tokenchars '{_TOKEN_MARKS}'"
);
CREATE VIRTUAL TABLE frequencies USING fts5vocab (postings, row);
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (postings, col);
"""

# Unit vectors in equal steps: their distance orders them like the cosine, and is found faster.
VECTORS = """
CREATE VIRTUAL TABLE passage_vectors USING vec0 (vector int8[{dimensions}] distance_metric=L2);
CREATE VIRTUAL TABLE document_vectors USING vec0 (vector int8[{dimensions}] distance_metric=L2);
"""
