"""The /play/ page as its users work it: a method per thing that a customer or the desk does."""
import json
import re
import subprocess
import time
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

WAIT_S = 60
VENUE = "星河羽毛球馆"
CHINA = timezone(timedelta(hours=8))
CELL = re.compile(r"(?P<court>.+) (?P<time>(?P<start>\d\d:\d\d)–(?P<end>\d\d:\d\d))"
                  r"( (?P<price>\d+)元)? (?P<state>\S+)")

# Free cells one above the other, earliest first but none before that time of the day; staff may
# check in only a day ahead.
FREE_PAIR = """
const [soonest] = arguments;
const cells = [...document.querySelectorAll("#customer .cell.free")]
    .filter((cell) => cell.ariaLabel.match(/\\d\\d:\\d\\d/)[0] >= soonest);
const at = (row, column) => cells.find((cell) =>
    Number(cell.dataset.row) === row && Number(cell.dataset.column) === column);
for (const cell of cells) {
    const below = at(Number(cell.dataset.row) + 1, Number(cell.dataset.column));
    if (below)
        return [cell, below];
}
return null;
"""

FREE_CELLS = """
return [...document.querySelectorAll("#customer .cell.free")]
    .map((cell) => [cell, cell.ariaLabel]);
"""

# In one go, because the page may draw anew between two questions.
SHOWN = """
return [...document.querySelectorAll(arguments[0])]
    .filter((node) => node.checkVisibility({ visibilityProperty: true }));
"""

# Everything that a finger must hit, with its size.
TARGETS = """
return [...document.querySelectorAll("button, a[href], input, select")]
    .filter((node) => node.checkVisibility({ visibilityProperty: true }))
    .map((node) => [node.outerHTML.slice(0, 120), node.getBoundingClientRect()])
    .map(([html, { width, height }]) => [html, width, height]);
"""

# An own call of the API with a party's token, beside what the page does.
FETCH = """
const [path, body, party, done] = arguments;
const token = sessionStorage.getItem(`zx.${party}.token`);
const post = body && { method: "POST", body: JSON.stringify(body) };
fetch(path, { ...post, headers: {
    Authorization: `Bearer ${token}`, "Content-Type": "application/json",
    "Idempotency-Key": crypto.randomUUID() } })
    .then((response) => response.json()).then(done, (error) => done({ error: String(error) }));
"""

# The next POST of that path reaches the server, but its answer is lost on the way back.
LOSE_ANSWER = """
const [path] = arguments;
const real = window.fetch;
window.fetch = async (url, options) => {
    const response = await real(url, options);
    if (options?.method !== "POST" || url !== path)
        return response;
    window.fetch = real;
    throw new TypeError("connection lost");
};
"""


def nickname() -> str:
    return f"球友{uuid.uuid4().hex[:12]}"


def cell_words(cell) -> dict:
    """What a screen reader says about a cell."""
    return CELL.fullmatch(cell.get_attribute("aria-label")).groupdict()


def yuan(fen: int) -> str:
    """As the page writes it."""
    return "¥" + f"{fen / 100:.2f}".removesuffix(".00")


class Page:
    def __init__(self, driver, url: str, screenshots: Path, width: int):
        self.driver = driver
        self.url = url.rstrip("/") + "/play/"
        self.screenshots = screenshots
        self.width = width
        self.taken = 0
        screenshots.mkdir(parents=True, exist_ok=True)

    def resize(self, width: int, height: int, scheme: str):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 2, "mobile": False})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        # A far zone: whatever the page shows must come from the venue's clock.
        self.driver.execute_cdp_cmd("Emulation.setTimezoneOverride",
                                    {"timezoneId": "America/New_York"})

    def open(self, place: str = ""):
        self.driver.get(self.url + place)

    def screenshot(self, name: str):
        self.taken += 1
        time.sleep(0.3)  # sheets and colours move for a fifth of a second
        path = self.screenshots / f"{self.width}-{self.taken:02d}-{name}.png"
        self.driver.save_screenshot(str(path))

    # Finding and tapping

    def shown(self, selector: str) -> list:
        return self.driver.execute_script(SHOWN, selector)

    def wait(self, selector: str, text: str = ""):
        """The first shown element of that selector whose text has `text` in it."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            for node in self.try_shown(selector, text):
                return node
            time.sleep(0.1)
        self.screenshot("missing")
        raise AssertionError(f"{selector} {text!r} did not appear; {self.errors()}")

    def wait_for(self, look, otherwise: str):
        """Until `look` is true."""
        deadline = time.monotonic() + WAIT_S
        while not look():
            assert time.monotonic() < deadline, otherwise
            time.sleep(0.1)

    def try_shown(self, selector: str, text: str) -> list:
        try:
            return [node for node in self.shown(selector) if text in node.text]
        except Exception as stale:  # redrawn between finding and asking
            if "stale" not in str(stale):
                raise
            return []

    def tap(self, node):
        self.driver.execute_script(
            "arguments[0].scrollIntoView({block: 'center', inline: 'center'})", node)
        node.click()

    def tap_on(self, selector: str, text: str = ""):
        self.tap(self.wait(selector, text))

    def type(self, selector: str, text: str):
        field = self.wait(selector)
        field.clear()
        field.send_keys(text)

    def choose(self, selector: str, value: str):
        Select(self.wait(selector)).select_by_value(value)

    def set_date(self, selector: str, date: str):
        """As a date picker does; how it is typed depends on the browser's language."""
        self.driver.execute_script("arguments[0].value = arguments[1]", self.wait(selector), date)

    def errors(self) -> list[str]:
        """What the console complained about, except refusals that a test asked for (4xx)."""
        expected = re.compile(r"the server responded with a status of 4\d\d")
        return [line["message"] for line in self.driver.get_log("browser")
                if line["level"] == "SEVERE" and not expected.search(line["message"])]

    def fetch(self, path: str, body: dict | None = None, party: str = "customer") -> dict:
        return self.driver.execute_async_script(FETCH, path, body, party)

    def lose_answer(self, path: str):
        self.driver.execute_script(LOSE_ANSWER, path)

    # The customer

    def as_customer(self):
        if tab := self.shown("#tab-customer"):
            tab[0].click()

    def login(self, nickname: str):
        self.as_customer()
        self.open("#login")
        self.type("#nickname", nickname)
        self.tap_on("#customer form button")
        self.wait("#customer .tabs")

    def choose_venue(self, name: str):
        self.open("#venues")
        self.tap_on("#customer a.venue", name)
        self.wait("#customer .grid")

    def choose_day(self, number: int):
        """0 is today."""
        self.tap(self.shown("#customer .choices-date button")[number])
        self.wait("#customer .choices-date button[aria-pressed=true]")
        self.wait("#customer .day-note li")
        self.wait("#customer .grid")

    def free_pair(self) -> list:
        """Two neighbouring cells that can be booked and will not begin while they are, today or,
        late at night, tomorrow."""
        now = datetime.now(CHINA)
        soonest = now + timedelta(minutes=20)
        first = (soonest.date() - now.date()).days
        for number in range(first, 2):
            self.choose_day(number)
            earliest = soonest.strftime("%H:%M") if number == first else "00:00"
            if pair := self.driver.execute_script(FREE_PAIR, earliest):
                return pair
        raise AssertionError("no two free cells in two days")

    def cells_ahead(self, hours: float, count: int) -> list:
        """Free cells of one hour on different courts, which begin at least so late from now."""
        now, shown = datetime.now(CHINA), None
        first = (now + timedelta(hours=hours + 1)).replace(minute=0)
        for start in (first + timedelta(hours=n) for n in range(18)):
            day = (start.date() - now.date()).days
            if day != shown:
                self.choose_day(day)
                free = self.driver.execute_script(FREE_CELLS)
                shown = day
            cells = [cell for cell, words in free
                     if CELL.fullmatch(words)["start"] == start.strftime("%H:%M")]
            if len(cells) >= count:
                return cells[:count]
        raise AssertionError(f"no {count} free cells from {first} on")

    def book(self, hours: float, count: int) -> int:
        """An unpaid order of so many periods; its number."""
        self.as_customer()
        self.choose_venue(VENUE)
        for cell in self.cells_ahead(hours, count):
            self.tap(cell)
        return self.order()

    def see(self, order_id: int) -> dict:
        return self.fetch(f"/api/v1/orders/{order_id}")

    def order(self) -> int:
        """Orders what is chosen; the number of the order."""
        self.tap_on("#confirm")
        self.tap_on("#customer .sheet button[type=submit]")
        self.wait("#customer .order-page .countdown")
        return int(re.search(r"#order-(\d+)$", self.driver.current_url)[1])

    def take_first_chosen_cell(self):
        """Another client is faster with one of the cells that are chosen on the page."""
        choice = json.loads(self.driver.execute_script(
            "return sessionStorage.getItem('zx.customer.choice')"))
        court, start = choice["chosen"][0].split(" ")
        _, end = choice["chosen"][1].split(" ")
        answer = self.fetch("/api/v1/orders", {
            "venue_id": choice["venue_id"], "date": choice["date"],
            "periods": [{"court_id": int(court), "start": start, "end": end}]})
        assert answer.get("state") == "pending", answer

    def pay(self):
        self.tap_on("#pay")
        self.tap_on("#cashier-accept")
        self.wait("#customer .status.good", "支付成功")

    def short_code(self) -> str:
        self.wait("#customer .qr img")
        return self.wait("#customer .short-code").text.replace(" ", "")

    def qr_read(self, selector: str = "#customer .qr img") -> str:
        """What a scanner makes of the picture on the screen."""
        picture = self.screenshots / f"{self.width}-qr.png"
        picture.write_bytes(self.wait(selector).screenshot_as_png)
        return subprocess.run(["zbarimg", "-q", "--raw", "--nodbus", str(picture)], check=True,
                              capture_output=True, text=True, timeout=30).stdout.strip()

    def fate(self, selector: str):
        """One tap on the simulator's panel."""
        self.tap_on("#fate")
        self.tap_on(f"#stage > .sheet {selector}")
        self.wait("#stage > .sheet .trouble [role=status]")
        self.tap_on("#stage > .sheet .sheet-head button")

    # The desk

    def as_desk(self):
        if tab := self.shown("#tab-desk"):
            tab[0].click()

    def desk_login(self, username: str, password: str):
        self.as_desk()
        self.type("#username", username)
        self.type("#password", password)
        self.tap_on("#desk form button")
        self.wait("#code")

    def desk_logout(self):
        self.tap_on("#desk .account button")
        self.wait("#username")

    def desk_view(self, name: str):
        self.as_desk()
        self.tap_on(f"#desk .tabs [data-view={name}]")

    def desk_order(self, order: dict):
        """Finds the order by its number and opens it."""
        self.desk_view("orders")
        self.choose("#desk [name=state]", "")
        self.set_date("#desk [name=date]", "")
        self.type("#desk [name=number]", order["no"])
        self.tap_on("#desk .search button")
        self.tap_on(f"#desk [data-order='{order['id']}']")
        self.wait("#desk .periods")

    def check_in(self, code: str):
        """Types the code as a scanner gun does; the result card."""
        self.type("#code", code + Keys.ENTER)
        return self.wait("#desk [data-result]")

    def small_targets(self) -> list:
        return [(html, width, height)
                for html, width, height in self.driver.execute_script(TARGETS)
                if height < 44 or width < 44]
