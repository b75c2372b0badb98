"""Ways in other than a password: browsers that scan, phones that get texts, staff of one's own."""
import uuid
from urllib.parse import parse_qs, urlsplit

from house import Client, House, ok, wait_for

SCAN, SMS = "urn:zhixing:wechat-scan", "urn:zhixing:sms-code"
COOKIE = "__Host-zx_scan"


def oauth_refused(answer, status: int, code: str):
    """RFC 6749 §5.2, with our request id."""
    assert answer.status_code == status, answer.text
    assert answer.json()["error"] == code, answer.text
    assert answer.json()["error_description"].isascii()
    assert answer.json()["request_id"] and answer.headers["Cache-Control"] == "no-store"


class Browser(Client):
    """With cookies of its own."""

    def form(self, path: str, **form):
        return self.call("POST", path, data=form)

    def begin(self) -> dict:
        return ok(self.call("POST", "/oauth2/scan"))

    def scan(self, user: dict, agree: bool = True) -> dict:
        """The person scans this browser's QR page: code and state as they come back."""
        told = self.house.sim.post("scan", url=self.begin()["url"], user=user["user"], agree=agree)
        back = parse_qs(urlsplit(told["location"]).query)
        return {name: value for name, (value,) in back.items()}

    def log_in(self, **form):
        return self.form("/oauth2/token", grant_type=SCAN, **form)

    def log_in_by_scan(self, user: dict):
        return self.log_in(**self.scan(user))

    def bind(self, user: dict):
        return self.post("/api/v1/staff/me/wechat", self.scan(user))


class Phone:
    """That gets our texts."""

    def __init__(self, house: House, phone: str):
        self.house, self.phone = house, phone

    def texts(self) -> list:
        return self.house.sim.items("sms", phone=f"+86{self.phone}")

    def ask(self):
        return self.house.guest.call("POST", "/oauth2/sms", data={"phone": self.phone})

    def code(self) -> str:
        """Asked for, and come."""
        before = len(self.texts())
        ok(self.ask(), 202)
        return wait_for(lambda: self.texts()[before:])[0]["code"]

    def log_in_by_sms(self, code: str):
        return self.house.log_in(grant_type=SMS, phone=self.phone, code=code)

    def age(self, seconds: int):
        """All that was asked for was asked for earlier."""
        self.house.db.run("UPDATE sms_code SET asked_at = asked_at - make_interval(secs => %s)"
                          " WHERE phone = %s", seconds, self.phone)

    def rows(self, *columns) -> list:
        return self.house.db.rows(f"SELECT {', '.join(columns)} FROM sms_code WHERE phone = %s"
                                  " ORDER BY asked_at", self.phone)


class Clerk(Phone):
    """A member of staff of our own: operator of venue 1, with a phone and a WeChat."""

    def __init__(self, house: House, role: str | None = "manager"):
        self.name = f"t{uuid.uuid4().hex[:12]}"
        self.account = house.db.value("INSERT INTO account (id, nickname) VALUES"
                                      " (nextval('id_block') * 256, '临时工') RETURNING id")
        super().__init__(house, f"150{self.account % 10 ** 8:08d}")
        house.db.run("UPDATE account SET phone = %s WHERE id = %s", self.phone, self.account)
        house.db.run("INSERT INTO staff_login (account_id, username, password_hash)"
                     " SELECT %s, %s, password_hash FROM staff_login WHERE username = 'desk1'",
                     self.account, self.name)
        if role:
            house.db.run("INSERT INTO account_role VALUES (%s, %s, 1)", self.account, role)
        self.wechat = house.sim.user(self.name)

    def signed_in(self, ago: str = "0 s") -> Browser:
        desk = Browser(self.house, ok(self.house.log_in_staff(self.name))["access_token"])
        self.house.db.run("UPDATE session SET created_at = created_at - %s::interval"
                          " WHERE account_id = %s AND ended_at IS NULL AND client = 'staff'",
                          ago, self.account)
        return desk

    def bind(self):
        """Behind the programs' backs."""
        self.house.db.run("INSERT INTO wechat_identity (appid, openid, unionid, account_id)"
                          " VALUES (%s, %s, %s, %s)", self.house.setting("ZX_WX_WEB_APPID"),
                          self.wechat["web_openid"], self.wechat["unionid"], self.account)
        return self

    def disable(self, how: str = "now()"):
        self.house.db.run(f"UPDATE account SET disabled_at = {how} WHERE id = %s", self.account)
