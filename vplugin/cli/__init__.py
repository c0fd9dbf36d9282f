"""The command ``vplugin``.

Whatever goes wrong is one line on stderr: status 1 for what the product refuses, 2 for a command
line that cannot be understood, 130 after Ctrl-C. ``VPLUGIN_TRACEBACK=1`` shows where it came from.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from vplugin.errors import VpluginError

__all__ = ["main", "print_error"]

TRACEBACK = "VPLUGIN_TRACEBACK"
REFUSED, MISUSED, INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Without the program's name; those of this process if None.

    Returns:
        The exit status.
    """
    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if os.environ.get(TRACEBACK) == "1":
        return _run(words)
    try:
        return _run(words)
    except VpluginError as error:
        print_error(str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # the last resort: a fault of ours is one line too
        what = f"{type(error).__name__}: {error}"
        print_error(f"a fault in vplugin: {what} — {TRACEBACK}=1 shows where; please report it")
    return REFUSED


def print_error(text: str) -> None:
    """One line on stderr, whatever is in the text."""
    line = " ".join(text.split())
    sys.stderr.write("error: " + "".join(c if c.isprintable() else "?" for c in line) + "\n")


def _run(words: list[str]) -> int:
    import typer

    from vplugin.cli.app import build

    # The base of click's errors: newer versions of typer bring a click of their own.
    usage_error: type[Exception] = typer.BadParameter.__mro__[2]
    command = typer.main.get_command(build(words))
    try:
        status = command.main(words, prog_name="vplugin", standalone_mode=False)
    except typer.Abort:
        return INTERRUPTED
    except usage_error as error:
        return _explain_usage(error)
    return status if isinstance(status, int) else 0


def _explain_usage(error: BaseException) -> int:
    """What click found wrong with the command line, on one line."""
    if type(error).__name__ == "NoArgsIsHelpError":  # it carries the whole help
        sys.stderr.write(f"{error}\n")
        return MISUSED
    context = getattr(error, "ctx", None)
    name = context.command_path if context is not None else "vplugin"
    format_message = getattr(error, "format_message", error.__str__)
    print_error(f"{format_message().rstrip('.')} — see `{name} --help`")
    return MISUSED
