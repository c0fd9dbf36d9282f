"""Networks: torch modules only, no files, no data."""
