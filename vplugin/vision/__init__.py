"""Geometry and pixels of faces; each module usable without any graph."""
