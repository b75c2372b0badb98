import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE.parent / name) for name in ("api", "race", "stack")]
from fixtures import *  # noqa: E402,F401,F403

import pytest  # noqa: E402

from crowd import Crowd  # noqa: E402
from process import Record  # noqa: E402
from venue import Hall  # noqa: E402


@pytest.fixture(scope="session")
def durable(house):
    """Whoever is told 201 may keep it only if PostgreSQL has written it down."""
    if house.db.value("SHOW synchronous_commit") != "on":
        pytest.exit("these tests pull the plug: bring the stack up with --durable", 1)


@pytest.fixture(scope="session")
def hall(house):
    hall = Hall.build(house.db, singles=24)
    yield hall
    hall.close(house.db)


@pytest.fixture
def all_up(house):
    """Whatever a test has broken and not mended is mended behind it."""
    yield
    records = [Record(path) for path in (house.run / "pid").iterdir() if path.name[0] != "."]
    house.restart(*[record.name for record in records if not record.leader_lives()])


@pytest.fixture
def crowd(house, hall, durable, all_up):
    """People who order and pay the whole time; begun by `with crowd:`."""
    return Crowd(house, hall)
