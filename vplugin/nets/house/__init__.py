"""The house models: small nets in the de-facto contracts, trained on procedural people only."""
