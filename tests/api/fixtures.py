"""Fixtures that the API, race and fault tests share."""
import pytest

import house as houses
import staffing
from slots import Slots, wait_out_midnight


@pytest.fixture(scope="session")
def house():
    try:
        found = houses.find()
        found.sim.quiet()
        return found
    except (OSError, RuntimeError) as trouble:
        pytest.exit(f"no running stack: {trouble}", 1)


@pytest.fixture(autouse=True)
def one_date():
    """It is the same day in China from the beginning of a test to its end."""
    wait_out_midnight()


@pytest.fixture(scope="session")
def slots(house):
    return Slots(house)


@pytest.fixture
def customer(house):
    return house.customer()


@pytest.fixture(scope="session")
def desk1(house):
    return houses.Staff(house, "desk1")


@pytest.fixture(scope="session")
def desk2(house):
    return houses.Staff(house, "desk2")


@pytest.fixture
def front(house):
    """Somebody of the front desk of venue 1: no more than that. desk1 and desk2 are managers."""
    return staffing.at_work(house, staffing.employ(house, house.customer(), role="operator"))


@pytest.fixture(scope="session")
def admin(house):
    return houses.Staff(house, "admin")


@pytest.fixture
def admins(house, admin):
    """Two, who hold the place while the demo's own stands aside."""
    made = [staffing.member_with_password(house, admin, roles=staffing.ADMIN) for _ in range(2)]
    everybody = house.db.rows("SELECT account_id FROM account_role r JOIN account a"
                              " ON a.id = r.account_id WHERE role = 'admin'"
                              " AND disabled_at IS NULL AND account_id <> ALL (%s)",
                              [m["id"] for m in made])
    others = [number for number, in everybody]
    house.db.run("UPDATE account SET disabled_at = now() WHERE id = ANY (%s)", others)
    yield made
    house.db.run("UPDATE account SET disabled_at = NULL WHERE id = ANY (%s)", others)
    admin.log_in()
    house.db.run("UPDATE account SET disabled_at = now() WHERE id = ANY (%s)",
                 [m["id"] for m in made])


@pytest.fixture
def sim(house):
    """The simulator, its faults taken back afterwards."""
    yield house.sim
    house.sim.quiet()


@pytest.fixture
def unchanged(house):
    """The test must leave every table as it was."""
    before = house.picture()
    yield
    after = house.picture()
    changed = {t: (before[t], after[t]) for t in after if before[t] != after[t]}
    assert not changed, changed


@pytest.fixture
def bare_venue(house):
    """A venue of half-hour slots that has a price from 10:00 to 12:00 only."""
    made = BareVenue()
    house.db.all_at_once(*made.statements())
    yield made
    house.db.all_at_once(*made.statements(away=True))


class BareVenue:
    id, court, spare_court = 900, 901, 902

    def statements(self, away: bool = False) -> list:
        if away:
            return [(f"DELETE FROM {table} WHERE {column} = 900",) for table, column in (
                ("price_rule", "venue_id"), ("opening", "venue_id"), ("court_unit", "venue_id"),
                ("unit", "venue_id"), ("court", "venue_id"), ("venue_sport", "venue_id"),
                ("venue", "id"))]
        return [
            ("INSERT INTO venue (id, name) VALUES (900, '没有定价的馆')",),
            ("INSERT INTO venue_sport VALUES (900, 4, 30)",),
            ("INSERT INTO court (id, venue_id, sport_id, name)"
             " VALUES (901, 900, 4, '1 号台'), (902, 900, 4, '2 号台')",),
            ("INSERT INTO unit VALUES (901, 900, '1'), (902, 900, '2')",),
            ("INSERT INTO court_unit VALUES (901, 901, 900), (902, 902, 900)",),
            ("INSERT INTO opening SELECT 900, d, 480, 1320 FROM generate_series(1, 7) d",),
            ("INSERT INTO price_rule (id, venue_id, opens, closes, hour_fen)"
             " VALUES (900, 900, 600, 720, 3002)",)]
