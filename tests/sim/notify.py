"""Sends notifies as WeChat Pay does (page 4012791861): POST to the order's notify_url, again
and again in the order of the retry table until the merchant answers 200 or 204."""
import http.client
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import faults
import letters
import simclock
import wxcrypto

RETRIES_S = (15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600,
             21600)
ANSWER_LIMIT_S = 5
LOG_SIZE = 20000


@dataclass(eq=False)
class Notify:
    event: str  # transaction | refund: also original_type and associated_data
    event_type: str
    summary: str
    url: str
    resource: dict
    record: object  # the Order or Refund that it tells about
    created_at: float
    id: str = ""
    body: bytes | None = None
    last: letters.Letter | None = None
    delivered: bool = False
    fate: str = ""  # why it isn't on its way: never, held, dropped
    attempts: list = field(default_factory=list)

    @property
    def facts(self) -> dict:
        return {"event": self.event, "out_trade_no": self.record.out_trade_no,
                "out_refund_no": getattr(self.record, "out_refund_no", None)}

    def show(self) -> dict:
        return {"id": self.id, "event_type": self.event_type, "url": self.url,
                "out_trade_no": self.record.out_trade_no,
                "out_refund_no": getattr(self.record, "out_refund_no", None),
                "delivered": self.delivered, "fate": self.fate, "attempts": self.attempts}


class Notifier:
    retries = RETRIES_S

    def __init__(self, config, keys, switches, scheduler, remember):
        """`remember(record)` is called once its notify needs no more delivery."""
        self._config, self._keys, self._switches = config, keys, switches
        self._scheduler, self._remember = scheduler, remember
        self._tls = ssl.create_default_context(cafile=config.notify_ca_file or None)
        self._lock = threading.Lock()
        self._held: list[Notify] = []
        self.log: deque[Notify] = deque(maxlen=LOG_SIZE)

    def reset(self) -> None:
        with self._lock:
            for notify in self.log:
                notify.fate = "dropped"
            self._held.clear()
            self.log.clear()

    def announce(self, notify: Notify, wait: bool = False) -> None:
        """Starts the deliveries; with `wait` the first one is over on return. The caller must
        not hold the simulator's lock: the merchant may call back before answering."""
        notify.id = notify.id or f"EV-{simclock.beijing(notify.created_at, '%Y%m%d%H%M%S')}" \
                                 f"{wxcrypto.random_text(12, wxcrypto.DIGITS)}"
        with self._lock:
            self.log.append(notify)
        if self._switches.take("notify_never", **notify.facts):
            notify.fate = "never"
            self._remember(notify.record)
            return
        if self._switches.take("notify_out_of_order", **notify.facts):
            notify.fate = "held"
            with self._lock:
                self._held.append(notify)
            return
        self._send(notify, wait)

    def _send(self, notify: Notify, wait: bool) -> None:
        delay = self._switches["notify_delay_ms"] / 1000
        if self._switches.take("notify_twice_at_once", **notify.facts):
            self._scheduler.after(delay, lambda: self._deliver(notify))
        if wait:
            time.sleep(delay)
            self._attempt(notify, 0)
        else:
            self._scheduler.after(delay, lambda: self._attempt(notify, 0))

    def _attempt(self, notify: Notify, number: int) -> None:
        status = self._deliver(notify)
        if status in (200, 204):
            self._delivered(notify)
        elif number < len(self.retries) and notify.fate != "dropped":
            pause = self.retries[number] * self._switches["notify_scale"]
            self._scheduler.after(pause, lambda: self._attempt(notify, number + 1))
        if number == 0:
            self._release(notify)

    def _delivered(self, notify: Notify) -> None:
        notify.delivered = True
        self._remember(notify.record)
        replay = self._switches.take("notify_replay", **notify.facts)
        for _ in range(int(replay.params.get("n", 1)) if replay else 0):
            self._scheduler.after(0, lambda: self._post(notify, notify.last, "replay"))

    def _release(self, after: Notify) -> None:
        """What notify_out_of_order held back goes out behind this one."""
        with self._lock:
            held, self._held = self._held, []
        for notify in held:
            if notify is not after:
                notify.fate = ""
                self._send(notify, wait=False)

    def _deliver(self, notify: Notify) -> int:
        fault = self._switches.take(*faults.SPOILED_LETTERS, **notify.facts)
        letter = letters.compose(notify, fault, self._keys, self._config)
        return self._post(notify, letter, fault.name if fault else "")

    def resend(self, notify: Notify, raw: bool) -> int:
        """The same notify again: byte for byte, or freshly signed."""
        if raw and notify.last:
            return self._post(notify, notify.last, "raw")
        letter = letters.compose(notify, None, self._keys, self._config)
        return self._post(notify, letter, "resend")

    def _post(self, notify: Notify, letter: letters.Letter, why: str) -> int:
        """The answer's status, 0 when none came in time."""
        notify.last = letter
        began = time.monotonic()
        status, reason = _post_https(notify.url, letter, self._tls)
        notify.attempts.append({"at": simclock.rfc3339(time.time()), "status": status,
                                "error": reason, "fault": why,
                                "ms": round((time.monotonic() - began) * 1000)})
        return status


def _post_https(url: str, letter: letters.Letter, tls) -> tuple[int, str]:
    parts = urlsplit(url)
    link = http.client.HTTPSConnection(parts.hostname, parts.port or 443,
                                       timeout=ANSWER_LIMIT_S, context=tls)
    headers = {"User-Agent": "Mozilla/4.0", "Accept": "*/*", "Connection": "close",
               **letter.headers}
    try:
        link.request("POST", parts.path or "/", letter.body, headers)
        return link.getresponse().status, ""
    except (OSError, http.client.HTTPException) as error:
        return 0, f"{type(error).__name__}: {error}"
    finally:
        link.close()
