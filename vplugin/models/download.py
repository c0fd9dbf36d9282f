"""Fetches one file over https: resumes, retries, and never believes what it got.

The bytes go into a `.part` file that survives a cut, so the next attempt (or the next process)
asks only for the rest. Whether they are the right bytes is the caller's question, by checksum.
Plain http is for loopback addresses only (tests, a tunnel).
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import httpx

from vplugin.errors import ChecksumError, ModelError
from vplugin.models.catalogue import Download
from vplugin.models.files import unwritable

#: Called with the file's name, bytes so far, and bytes in all (None where unknown).
Progress: TypeAlias = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Fetcher:
    """How files are fetched.

    Attributes:
        attempts: For each address, each continuing where the one before was cut.
        pause: Seconds before the second attempt, doubled each time.
        timeout: Seconds without a byte until an attempt counts as cut.
    """

    attempts: int = 4
    pause: float = 0.5
    timeout: float = 30.0

    def fetch(self, download: Download, part: Path, progress: Progress | None = None) -> str:
        """Fetch a file into `part`, continuing what is there.

        Returns:
            The address that gave it.

        Raises:
            ModelError: No address gave the whole file; what came stays in `part`.
            ChecksumError: The server's file has another size than the catalogue names.
        """
        if not download.urls:
            raise ModelError("has no address", where=download.path, mend="put it in a mirror")
        error: ModelError | None = None
        for url in download.urls:
            try:
                self._from(url, download, part, progress)
            except ModelError as failure:
                error = failure
            else:
                return url
        raise error or AssertionError("unreachable")

    def _from(self, url: str, download: Download, part: Path, progress: Progress | None) -> None:
        for attempt in range(self.attempts):
            if attempt:
                time.sleep(self.pause * 2 ** (attempt - 1))
            try:
                return self._attempt(url, download, part, progress)
            except httpx.HTTPStatusError as error:
                if error.response.status_code < 500:
                    raise _failed(url, f"HTTP {error.response.status_code}", part) from error
                cause: Exception = error
            except httpx.HTTPError as error:
                cause = error
        raise _failed(url, str(cause) or type(cause).__name__, part) from cause

    def _attempt(self, url: str, download: Download, part: Path, progress: Progress | None) -> None:
        have = _size(part)
        if download.bytes is not None and have == download.bytes:
            return
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with (
            httpx.Client(
                follow_redirects=True,
                timeout=self.timeout,
                event_hooks={"request": [lambda request: check_address(str(request.url))]},
            ) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.unlink(missing_ok=True)
                raise httpx.ReadError("what was there is longer than the file", request=None)
            response.raise_for_status()
            start = have if response.status_code == httpx.codes.PARTIAL_CONTENT else 0
            total = _total(response, start)
            _check_total(download, total, url)
            _save(response, part, start, lambda done: progress and progress(part.name, done, total))


def check_address(url: str) -> None:
    """Raise unless an address is https, or http on this machine.

    Raises:
        ModelError: It is something else.
    """
    parsed = httpx.URL(url)
    if parsed.scheme == "https" or (parsed.scheme == "http" and _is_loopback(parsed.host)):
        return
    raise ModelError("is not an https address", where=url, mend="use https")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0


def _total(response: httpx.Response, start: int) -> int | None:
    length = response.headers.get("Content-Length")
    return start + int(length) if length and length.isdigit() else None


def _check_total(download: Download, total: int | None, url: str) -> None:
    if None not in (total, download.bytes) and total != download.bytes:
        raise ChecksumError(
            f"offers {total} bytes, the catalogue names {download.bytes}",
            where=url,
            mend="the file was replaced by another; put the right one in VPLUGIN_MODEL_MIRROR",
        )


def _save(response: httpx.Response, part: Path, start: int, done: Callable[[int], object]) -> None:
    try:
        with part.open("r+b" if start else "wb") as file:
            file.seek(start)
            for chunk in response.iter_raw():  # as it comes: a cut loses nothing that came
                file.write(chunk)
                done(file.tell())
    except OSError as error:
        raise unwritable(part, error) from error


def _failed(url: str, why: str, part: Path) -> ModelError:
    have = _size(part)
    kept = f"; {have} bytes are kept, the next pull continues" if have else ""
    return ModelError(
        f"could not be fetched: {why}{kept}",
        where=url,
        mend="try again, or put the file in a folder and name it with VPLUGIN_MODEL_MIRROR",
    )
