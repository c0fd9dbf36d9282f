"""Words about faces: what is true of one, captions and questions about it, scores of answers.

No networks here: the nodes and tools that only need the words do not load torch.
"""
