"""Speed, as ratios against named alternatives in one run."""
