"""Faults while real processes work: kills, interrupts, neighbours."""
