"""What authors of nodes test with: a harness, generated frames and clips, chaos, a leak check.

With vplugin installed, pytest has the fixtures ``harness`` and ``clips``; with
``vplugin_leaks = true`` in its settings, a test that leaves a process, thread, file descriptor,
shared memory or temporary file behind fails.
"""
