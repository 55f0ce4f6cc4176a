"""The store's schema, step by step; run by `grader.store.migrate`."""
