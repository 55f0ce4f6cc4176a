"""Labelled images and the network trained on them."""
