"""Video and audio through PyAV: sources, sinks and the comparison of the two."""
