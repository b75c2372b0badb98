"""Responses of status 400 and more: by the programs' table of errors, errors.yaml, and what a
route's part adds."""
from build_error import BuildError, check_keys, context
from implied import Codes, implied_errors
from programs import Route
from schemas import reference

REQUEST_ID = "7b8470b1db69f0cfb9c5ec7e79af4f80"
# A 403 with no other codes speaks of the token, in the header WWW-Authenticate, too.
OF_THE_TOKEN = {"forbidden", "password_change_required", "login_again"}
MEMBERS = "field detail until"  # what an error may have beside code, message and request_id
KEYS = f"description codes oauth examples {MEMBERS}"


def table_row(code: str, status: int, message: str, advice: str) -> str:
    return f"| `{code}` | {status} | {message} | {advice} |\n"


class ErrorResponses:
    def __init__(self, table: dict, spec: dict):
        """`table`: code -> Error, of the programs; `spec`: errors.yaml."""
        check_keys(spec, "", "advice gateway oauth responses")
        self.table, self.advice, self.gateway = table, spec["advice"], spec["gateway"]
        self.shared = spec["responses"]  # status -> name -> as written
        self.messages = {code: error.message for code, error in table.items()}
        self.statuses = {code: {error.status} for code, error in table.items()}
        for row in self.gateway:
            self.messages.setdefault(row["code"], row.get("message"))
            self.statuses.setdefault(row["code"], set()).add(row["status"])
        self.oauth = spec["oauth"]
        for word, code in self.oauth.items():
            self.messages[word] = self.message(code)
        self._check_advice()

    def _check_advice(self):
        with context("advice"):
            for code in self.table:
                if code not in self.advice:
                    raise BuildError(f"lacks {code}")
            for code in self.advice:
                self.message(code)

    def message(self, code: str) -> str:
        if code not in self.messages:
            raise BuildError(f"there is no error {code}")
        return self.messages[code]

    def codes(self) -> list:
        return list(dict.fromkeys([*self.advice, *(row["code"] for row in self.gateway)]))

    def table_rows(self) -> str:
        """The table of intro.md."""
        return "".join(table_row(code, self.table[code].status, self.message(code), advice)
                       for code, advice in self.advice.items())

    def gateway_rows(self) -> str:
        return "".join(table_row(row["code"], row["status"], self.message(row["code"]),
                                 row["advice"]) for row in self.gateway)

    def components(self) -> dict:
        """name -> shared response."""
        responses = {}
        for status, specs in self.shared.items():
            for name, spec in specs.items():
                with context(f"responses: {status}: {name}"):
                    check_keys(spec, f"{KEYS} only headers x-common")
                    if name in responses:
                        raise BuildError("stands under another status, too")
                    responses[name] = self._response(status, spec, Codes())
        return responses

    def of_route(self, route: Route, specs: dict) -> dict:
        """status -> response; `specs`: status -> what the part adds to the implied."""
        implied, responses = implied_errors(route), {}
        for status in sorted({*implied, *specs}):
            with context(status):
                codes = implied.get(status, Codes())
                spec = specs.get(status) or self._shared_for(route, status, codes)
                responses[str(status)] = self._of_status(status, spec, codes)
        return responses

    def _shared_for(self, route: Route, status: int, codes: Codes):
        """The name of the shared response with just these codes, or {}."""
        for name, spec in self.shared.get(status, {}).items():
            if codes_of(spec) == codes and spec.get("only", route.audience) == route.audience:
                return name
        return {}

    def _of_status(self, status: int, spec, implied: Codes) -> dict:
        """`spec`: the name of a shared response, a list of own codes, or a mapping."""
        if isinstance(spec, str):
            if spec not in self.shared.get(status, {}):
                raise BuildError(f"errors.yaml has no {spec} under this status")
            return reference(f"responses/{spec}")
        spec = {"codes": spec} if isinstance(spec, list) else spec
        check_keys(spec, KEYS)
        return self._response(status, spec, implied)

    def _response(self, status: int, spec: dict, implied: Codes) -> dict:
        own = codes_of(spec)
        codes = implied + own
        self._check_codes(status, codes)
        first = [*own.all, *codes.all][0]
        examples = spec.get("examples") or {first: members(spec)}
        if isinstance(examples, list):
            examples = {code: {} for code in examples}
        return {
            "description": spec.get("description") or "；".join(map(self.message, codes.all)),
            **{key: value for key, value in spec.items() if key.startswith("x-")},
            "headers": headers(status, codes, spec.get("headers", [])),
            "content": {"application/json": {
                "schema": error_schema(codes),
                "examples": {name: self._example(name, each, codes)
                             for name, each in examples.items()}}}}

    def _check_codes(self, status: int, codes: Codes):
        if not codes.all:
            raise BuildError("lacks codes")
        for code in codes.all:
            self.message(code)
            if code in codes.codes and status not in self.statuses[code]:
                raise BuildError(f"{code} has another status")

    def _example(self, name: str, spec: dict, codes: Codes) -> dict:
        with context(f"example {name}"):
            check_keys(spec, f"code summary message_of {MEMBERS}")
            code = spec.get("code", name)
            if code not in codes.all:
                raise BuildError(f"{code} is not among the codes")
            message = self.message(spec.get("message_of", code))
        error = {"message": message, **members(spec), "request_id": REQUEST_ID}
        if code in codes.oauth:
            words = spec.get("message_of", self.oauth.get(code, code)).replace("_", " ")
            value = {"error": code, "error_description": words, **error}
        else:
            value = {"error": {"code": code, **error}}
        return {**({"summary": spec["summary"]} if "summary" in spec else {}), "value": value}


def codes_of(spec: dict) -> Codes:
    return Codes(spec.get("codes", []), spec.get("oauth", []))


def members(spec: dict) -> dict:
    return {key: spec[key] for key in MEMBERS.split() if key in spec}


def headers(status: int, codes: Codes, more: list) -> dict:
    names = ["X-Request-Id"]
    if status == 401 or status == 403 and not codes.oauth and set(codes.codes) <= OF_THE_TOKEN:
        names.append("WWW-Authenticate")
    if status in (429, 503):
        names.append("Retry-After")
    return {name: reference(f"headers/{name}") for name in names + more}


def error_schema(codes: Codes) -> dict:
    forms = []
    if codes.oauth:
        forms.append({"allOf": [reference("OAuthError"),
                                {"properties": {"error": {"enum": codes.oauth}}}]})
    if codes.codes:
        code = {"properties": {"code": {"enum": codes.codes}}}
        forms.append({"allOf": [reference("Error"), {"properties": {"error": code}}]})
    return forms[0] if len(forms) == 1 else {"anyOf": forms}
