"""The terminal: the `vplugin` command."""
