"""The web page on which people judge proofs, explanations and plots."""
