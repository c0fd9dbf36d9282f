"""Procedural people: faces made from a seed, with the exact truth about every pixel."""
