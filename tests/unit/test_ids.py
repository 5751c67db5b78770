"""Ids that have come are known again, whatever their number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simsearch.corpus.ids import Ids


@given(st.lists(st.text(max_size=2)), st.integers(1, 5))
def test_ids_are_a_set(names, recent):
    known, ids = set(), Ids(recent)
    for name in names:
        assert (name in ids) == (name in known)
        assert ids.add(name) == (name not in known)
        known.add(name)
    assert all(name in ids for name in known)
