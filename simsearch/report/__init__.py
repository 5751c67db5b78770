"""A model on a page of its own, for people."""

from __future__ import annotations

from simsearch.report.page import render

__all__ = ["render"]
