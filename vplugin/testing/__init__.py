"""What authors of nodes test with: a harness, generated clips, chaos, a pytest plug-in."""
