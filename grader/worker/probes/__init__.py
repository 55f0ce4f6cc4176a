"""Code of ours that exercises a submission's classes inside the worker."""
