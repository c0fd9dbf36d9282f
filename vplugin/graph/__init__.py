"""A graph as data: its schema, its YAML, its checks, its drawing."""
