"""Layers that several lifters share."""
