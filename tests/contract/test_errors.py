"""Every error of the source is described, with its status and sentence, and no other is."""
import re

import pytest

from description import DESCRIPTION, REPO

NEVER_SENT = {"ok", "replay"}  # outcomes inside the program
TABLE_ROW = re.compile(r"^\| `(\w+)` \| (\d+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def read(path: str) -> str:
    return (REPO / path).read_text()


def source_errors() -> dict:
    """code -> (status, sentence) of lib/base/err.h."""
    rows = re.findall(r'X\([A-Z_]+, (\d+), "(\w+)",\s*"([^"]*)"\)', read("lib/base/err.h"))
    return {code: (int(status), text) for status, code, text in rows if code not in NEVER_SENT}


def gateway_errors() -> dict:
    """status -> (code, sentence) that nginx answers by itself."""
    text = read("nginx/nginx.conf.in")
    sentences = dict(re.findall(r'^\t\t(\w+) "?([^;"]+)"?;$', re.search(
        r"map \$error_code \$error_text \{\n(.*?)\t\}", text, re.S)[1], re.M))
    pages = re.findall(r"error_page ([\d ]*?)(?: =(\d+))? /_error/(\w+);", text)
    return {int(status or codes): (code, sentences.get(code, sentences["default"]))
            for codes, status, code in pages}


def oauth_words() -> set:
    """What lib/web makes of some codes for RFC 6749."""
    body = re.search(r"^static const char \*oauth_code\(.*?^}", read("lib/web/refuse.c"),
                     re.M | re.S)
    return set(re.findall(r'return "(\w+)";', body[0]))


def tables() -> list:
    """The two tables in the description of the API: [(code, status, sentence, advice)]."""
    text = DESCRIPTION.document["info"]["description"]
    chapter = re.search(r"^## 错误\n(.*?)^## ", text, re.M | re.S)[1]
    ours, gateway = chapter.split("网关（nginx）")
    return [[(code, int(status), sentence, advice)
             for code, status, sentence, advice in TABLE_ROW.findall(part)]
            for part in (ours, gateway)]


def listed() -> list:
    """(operation, status, code) of the whole description."""
    return [(op, int(status), code) for op in DESCRIPTION.operations
            for status, response in op.responses.items()
            for code in sorted(DESCRIPTION.error_codes(response))]


def test_the_source_was_read():
    assert len(source_errors()) > 50 and len(gateway_errors()) == 10 and len(oauth_words()) == 4


def test_the_table_is_that_of_the_source():
    rows = tables()[0]
    assert {code: (status, text) for code, status, text, _ in rows} == source_errors()
    assert len(rows) == len(source_errors())


def test_the_second_table_is_that_of_nginx():
    rows = tables()[1]
    assert {status: (code, text) for code, status, text, _ in rows} == gateway_errors()
    assert len(rows) == len(gateway_errors())


def test_the_enum_holds_every_code_once():
    codes = DESCRIPTION.document["components"]["schemas"]["ErrorCode"]["enum"]
    assert len(codes) == len(set(codes))
    assert set(codes) == {*source_errors(), *(code for code, _ in gateway_errors().values())}


def test_oauth_errors_are_those_of_the_source():
    words = set(DESCRIPTION.document["components"]["schemas"]["OAuthError"]["properties"]
                ["error"]["enum"])
    assert oauth_words() <= words
    assert words - oauth_words() <= set(source_errors())


@pytest.mark.parametrize("operation", DESCRIPTION.operations, ids=str)
def test_each_code_stands_under_its_own_status(operation):
    statuses = {word: {400, 405, 413, 431, 500, 503} for word in oauth_words()}
    statuses.update({code: {status} for code, (status, _) in source_errors().items()})
    for status, (code, _) in gateway_errors().items():
        statuses.setdefault(code, set()).add(status)
    for op, status, code in listed():
        if op is operation:
            assert status in statuses[code], (status, code)


def test_a_code_is_given_somewhere_or_said_to_be_kept():
    used = {code for _, _, code in listed()}
    for code, _, _, advice in tables()[0]:
        assert (code in used) != advice.startswith("保留"), code


def test_nginx_can_answer_to_any_request():
    """Its errors are listed for each operation; 404 and 400 only where they can meet one. Of an
    address that is too long it knows no path."""
    oauth = read("nginx/nginx.conf.in").partition("map $error_code $oauth_error {")[2]
    words = dict(re.findall(r"^\t\t(\w+) (\w+);$", oauth.partition("}")[0], re.M))
    for operation in DESCRIPTION.operations:
        for status, (code, _) in gateway_errors().items():
            if operation.path.startswith("/oauth2/") and operation.path != "/oauth2/jwks":
                code = words.get(code, words["default"])
            codes = DESCRIPTION.error_codes(operation.responses.get(str(status), {}))
            assert code in codes or status in (400, 404, 414), (operation.id, status)
