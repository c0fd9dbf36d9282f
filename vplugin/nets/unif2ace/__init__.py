"""The networks of UniF²ace (arXiv 2503.08120): one model that reads, describes and draws faces.

Only layers, losses and samplers: no files and no training. The paper has no public code; what it
leaves open is decided here, and each docstring says so.
"""
