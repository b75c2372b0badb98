import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE.parent / name) for name in ("api", "race", "stack")]

import pytest  # noqa: E402

from aftermath import Aftermath  # noqa: E402


@pytest.fixture(scope="session")
def chaos(tmp_path_factory):
    """It happens once; all tests look at what it has left."""
    return Aftermath(tmp_path_factory.mktemp("chaos"))
