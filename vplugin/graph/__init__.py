"""A graph as data: schema, YAML, checks, drawing. Nothing here runs anything."""

from vplugin.graph.check import check
from vplugin.graph.load import load
from vplugin.graph.registry import Registry
from vplugin.graph.spec import GraphSpec

__all__ = ["GraphSpec", "Registry", "check", "load"]
