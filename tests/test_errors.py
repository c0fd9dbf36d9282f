from __future__ import annotations

import inspect

import pytest

from vplugin import errors


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.GraphError, ValueError),
        (errors.SourceMissingError, FileNotFoundError),
        (errors.SinkError, OSError),
        (errors.LicenceError, PermissionError),
        (errors.EngineError, RuntimeError),
    ],
)
def test_the_fitting_builtin_catches_it_too(kind, builtin):
    with pytest.raises(builtin):
        raise kind("x")


def test_what_where_mend_on_one_line():
    error = errors.GraphError("two\n  words", where="a.yaml", line=3, column=7, mend="do\nthis")
    assert str(error) == "a.yaml:3:7: two words — do this"
    assert (error.line, error.column, error.what) == (3, 7, "two words")
    assert str(errors.VpluginError("just this")) == "just this"


def test_the_tree_in_the_docstring_is_the_tree():
    drawn = errors.__doc__
    for name, cls in inspect.getmembers(errors, inspect.isclass):
        if issubclass(cls, errors.VpluginError):
            assert name in drawn
            assert name in errors.__all__
