"""Many submissions: what was handed in, what is still to be graded, and who grades it."""
