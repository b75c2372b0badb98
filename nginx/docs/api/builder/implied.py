"""Which errors a route can answer with, as far as its row in the route table says so."""
from dataclasses import dataclass, field

from programs import Route

ALWAYS = {405: "method_not_allowed", 413: "too_large", 414: "uri_too_long",
          429: "too_many_requests", 431: "headers_too_large", 500: "internal",
          504: "outcome_unknown"}
TOKEN = ["unauthenticated", "token_invalid", "token_expired", "session_ended",
         "signed_in_elsewhere"]


@dataclass
class Codes:
    """The codes under one status: in our form, and in that of RFC 6749 §5.2 (`oauth`)."""
    codes: list = field(default_factory=list)
    oauth: list = field(default_factory=list)

    @property
    def all(self) -> list:
        return [*self.oauth, *self.codes]

    def __add__(self, own: "Codes") -> "Codes":
        return Codes(join(self.codes, own.codes), join(self.oauth, own.oauth))


def join(implied: list, own: list) -> list:
    """A route's own codes follow the implied ones; if they repeat one, they are the whole list."""
    return own if set(implied) & set(own) else implied + own


def implied_errors(route: Route) -> dict:
    """status -> Codes."""
    errors = {status: Codes([code]) for status, code in ALWAYS.items()}
    errors[400] = Codes(malformed(route))
    errors[503] = Codes(unavailable(route))
    if route.audience != "guest":
        errors[401] = Codes(TOKEN)
    if route.knows_who:
        errors[401] = Codes(TOKEN[1:])
    if route.audience == "staff":
        errors[403] = Codes(forbidden(route))
    if "{" in route.path:
        errors[404] = Codes(["not_found"])
    if route.body or route.raw_body:
        errors[411] = Codes(["length_required"])
    if route.if_match:
        errors[412] = Codes(["version_changed"])
        errors[428] = Codes(["version_missing"])
    if route.body:
        errors[415] = Codes(["media_type"])
    if wrong := unprocessable(route):
        errors[422] = Codes(wrong)
    return in_oauth_form(errors) if route.oauth else errors


def malformed(route: Route) -> list:
    codes = ["bad_request"]
    if route.body or route.raw_body or route.idempotent:
        codes.append("bad_body")
    if route.body:
        codes.append("bad_json")
    codes.append("unknown_field")
    if route.idempotent:
        codes += ["idempotency_key_missing", "idempotency_key_invalid"]
    return codes


def forbidden(route: Route) -> list:
    """Whoever has to change the password first still has the permission to do that."""
    if route.permission == "staff.password":
        return ["forbidden"]
    return ["forbidden", "password_change_required"]


def unprocessable(route: Route) -> list:
    codes = ["bad_field"] if route.body or route.query else []
    return codes + ["idempotency_key_reused"] * route.idempotent


def unavailable(route: Route) -> list:
    if route.method != "GET":
        return ["retry", "database_down", "outcome_unknown"]
    return ["retry"] if route.transaction == "none" else ["retry", "database_down"]


def in_oauth_form(errors: dict) -> dict:
    """Whatever is wrong with the request is 400 there. Of a request line that can't be read
    nginx doesn't know whose it is."""
    kept = {status: codes for status, codes in errors.items() if status not in (411, 415, 422)}
    wrong = Codes(oauth=["invalid_request"])
    return {**kept, 405: wrong, 413: wrong, 431: wrong,
            400: Codes(oauth=["invalid_request", "unsupported_grant_type"]),
            429: Codes(oauth=["too_many_requests"]),
            500: Codes(oauth=["server_error"]),
            503: Codes(oauth=["temporarily_unavailable", "outcome_unknown"]),
            504: Codes(oauth=["outcome_unknown"])}
