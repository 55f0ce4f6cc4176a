"""Runs, records, hand scores and comments in one SQLite file: resumable, safe for several readers."""

from grader.store.interface import Entry, HandScore, Held
from grader.store.sqlite import Store, open_store

__all__ = ["Entry", "HandScore", "Held", "Store", "open_store"]
