"""The renderer's work per sample on torch tensors: for a GPU, where there is one.

Not the renderer itself: people, hair and places are made as ever by compiled code on the processor
(`staging.py`), and :func:`vplugin.synth.render.render` stays what pictures are defined by. What is
here draws the same pictures within a tolerance, many at once. Nothing here is imported with
``vplugin.synth``, as torch takes a while.
"""
