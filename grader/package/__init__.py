"""Everything that another system needs to grade by itself, packed into one file."""
