"""The front end's error box shows an exception's class with its module: ours show the name alone."""

import pytest

from infu_core.checkpoints.headers import CheckpointError
from infu_core.faces.face import FaceError
from infu_core.identity.identity_file import IdentityFileError


@pytest.mark.parametrize("error", [CheckpointError, FaceError, IdentityFileError])
def test_the_name_stands_alone(error):
    assert error.__module__ == "builtins" and issubclass(error, ValueError)
