"""A graph as running processes: one conductor, lanes, credits, leases, an arena of pictures."""
