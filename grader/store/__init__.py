"""Records, hand scores and comments of a run in one SQLite file, for several processes at once."""

from grader.store.interface import Comment, Entry, HandScore, Held, KeptItem, RunInfo
from grader.store.lock import grading_lock
from grader.store.sqlite import Store, open_store

__all__ = [
    "Comment",
    "Entry",
    "HandScore",
    "Held",
    "KeptItem",
    "RunInfo",
    "Store",
    "grading_lock",
    "open_store",
]
