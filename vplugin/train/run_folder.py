"""The output folder of a training run: whose it is, and that its ``recipe.yaml`` is true."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import yaml

from vplugin.errors import TrainError
from vplugin.media.output_folder import make_folder, remove_empty
from vplugin.train.recipe import MAY_CHANGE, Recipe, differences, in_yaml, read

__all__ = ["RunFolder"]


class RunFolder:
    """Holds one run.

    Args:
        path: Of the folder; made by :meth:`claim`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoint = path / "checkpoint.pt"
        self._recipe = path / "recipe.yaml"
        self._made: tuple[Path, ...] = ()
        self._before: bytes | None = None

    def claim(self, recipe: Recipe, *, resume: bool) -> bool:
        """Take the folder for a run and write its recipe there.

        Args:
            recipe: Of the run.
            resume: Whether a run that the folder holds is gone on with.

        Returns:
            Whether there is one to go on with.

        Raises:
            TrainError: It holds a run and ``resume`` is false, it holds one with another recipe, or
                it cannot be written.
        """
        held = self.checkpoint.exists()
        if held and not resume:
            raise TrainError(
                "holds a run already", where=self.path, mend="--resume it, or name another output"
            )
        if held:
            self._compare(recipe)
        text = yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False)
        try:
            self._made = make_folder(self.path)
            self._before = self._recipe.read_bytes() if self._recipe.exists() else None
            self._recipe.write_text(text, encoding="utf-8")
        except OSError as error:
            raise TrainError(
                f"cannot be written: {error.strerror}", where=self.path, mend="set output"
            ) from None
        return held

    def release(self) -> None:
        """Put everything back as it was before :meth:`claim`: the run did not begin."""
        with suppress(OSError):
            if self._before is None:
                self._recipe.unlink(missing_ok=True)
            else:
                self._recipe.write_bytes(self._before)
        remove_empty(self._made)

    def _compare(self, recipe: Recipe) -> None:
        """See that the run went on with is the one that is there."""
        unlike = {
            key: values
            for key, values in differences(read(self._recipe, type(recipe)), recipe).items()
            if key not in MAY_CHANGE
        }
        if not unlike:
            return
        what = ", ".join(
            f"{key} {in_yaml(old)} would become {in_yaml(new)}"
            for key, (old, new) in unlike.items()
        )
        again = " ".join(f"--set {key}={in_yaml(old)}" for key, (old, _) in unlike.items())
        raise TrainError(
            f"this run began otherwise: {what}",
            where=self._recipe,
            mend=f"go on with {again}, or begin a new run: without --resume, with another output",
        )
