import pytest

from ampose.cli import main
from ampose.errors import MissingExtraError
from ampose.packages import require


def test_a_missing_package_names_the_command_that_installs_it():
    with pytest.raises(MissingExtraError, match=r"training needs the package no_such; .*pip install 'ampose\[train\]'"):
        require("pytest", "no_such", extra="train", purpose="training")


def test_what_is_installed_is_enough():
    require("pytest", "numpy", extra="train", purpose="training")


def test_training_without_its_extra_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr("ampose.packages.find_spec", lambda name: None)
    assert main(["train", "paper"]) == 2
    assert "training needs the package lightning_fabric; install it with" in capsys.readouterr().err
