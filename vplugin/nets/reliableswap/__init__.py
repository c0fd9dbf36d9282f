"""The networks of ReliableSwap (arXiv 2306.05356): two hosts, encoders, discriminators.

Only layers: no files, no losses, no training. No command trains them yet.
"""
