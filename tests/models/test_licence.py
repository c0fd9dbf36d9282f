from __future__ import annotations

import pytest

from tests.models.make import CLOSED, OPEN
from vplugin.errors import LicenceError, ModelError
from vplugin.models.licence import Licences


def test_open_licences_need_nothing(tmp_path):
    Licences(tmp_path / "never made").check(OPEN, "net", commercial=True)
    assert not (tmp_path / "never made").exists()


def test_a_closed_one_is_accepted_once_and_remembered(tmp_path):
    with pytest.raises(LicenceError, match=r"closed-nc of 'pack/net' has not been accepted") as no:
        Licences(tmp_path).check(CLOSED, "pack/net", commercial=False)
    assert "vplugin models pull pack --accept-licence closed-nc" in str(no.value)
    done = Licences(tmp_path).accept(CLOSED)
    Licences(tmp_path).check(CLOSED, "pack/net", commercial=False)
    assert Licences(tmp_path).accepted("closed-nc") == done
    assert done.user


def test_acceptance_by_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("VPLUGIN_ACCEPT_LICENCES", "other, closed-nc")
    Licences(tmp_path).check(CLOSED, "net", commercial=False)


def test_commercial_use_is_refused_although_accepted(tmp_path):
    Licences(tmp_path).accept(CLOSED)
    with pytest.raises(LicenceError, match="forbids commercial use") as error:
        Licences(tmp_path).check(CLOSED, "net", commercial=True)
    assert "use the open one" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_damaged_acceptance_counts_as_none(tmp_path):
    Licences(tmp_path).accept(CLOSED)
    (tmp_path / "closed-nc.json").write_text("{")
    assert Licences(tmp_path).accepted("closed-nc") is None


def test_a_store_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="cannot be written"):
        Licences(tmp_path / "file" / "below").accept(CLOSED)
