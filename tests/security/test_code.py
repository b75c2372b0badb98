"""What the source may not contain: read, not run."""
import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
C = sorted(p for folder in ("lib", "fcgi", "jobs") for p in (TOP / folder).rglob("*.[ch]"))
PAGES = sorted(p for folder in ("play", "docs") for p in (TOP / "nginx" / folder).rglob("*")
               if p.suffix in (".js", ".html"))
SQL_WORDS = r"(SELECT|INSERT INTO|UPDATE|DELETE FROM|WHERE|VALUES)\b"


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/|^\s*//.*?$", "", text, flags=re.S | re.M)


def uses(files: list, pattern: str, but=()) -> list:
    """Where it stands, as file:line."""
    found = []
    for path in files:
        text = without_comments(path.read_text())
        found += [f"{path.relative_to(TOP)}: {match.group(0)}"
                  for match in re.finditer(pattern, text)
                  if str(path.relative_to(TOP)) not in but]
    return found


def test_there_is_something_to_read():
    assert len(C) > 120 and len(PAGES) > 30


def test_no_program_starts_another():
    assert uses(C, r"\b(system|popen|exec[lv]p?e?|execvpe|posix_spawnp?|dlopen)\s*\(") == []
    # A daemon in parts is the same program several times.
    assert uses(C, r"\bfork\s*\(", but=("lib/job/split.c",)) == []


def test_no_function_that_writes_without_a_limit_is_called():
    assert uses(C, r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|scanf|sscanf|fscanf"
                   r"|stpcpy|strncpy|atoi|atol|mktemp|tmpnam)\s*\(") == []


def test_the_compiler_looks_at_formats_and_widths():
    """Every format is a literal (-Wformat=2), and no number is cut silently."""
    flags = (TOP / "Makefile").read_text()
    for flag in ("-Wformat=2", "-Wconversion", "-Werror", "-D_FORTIFY_SOURCE=2",
                 "-fstack-protector-strong", "-fPIE", "relro", "-fsanitize=address"):
        assert flag in flags


def test_sql_is_never_put_together_from_values():
    """Statements are literals with $n. Only a table's name is put in anywhere: by migrate, and
    for COPY, whose names are literals of their callers."""
    assert uses(C, rf'"[^"\n]*{SQL_WORDS}[^"\n]*%[^"\n]*"') == []
    assert uses(C, r"\bPQ(exec|sendQuery|escape\w+)\s*\(",
                but=("jobs/migrate.c", "lib/db/copy.c")) == []


def test_what_is_random_to_others_comes_from_openssl():
    """random() spreads retries and names requests that nginx has not named, no more."""
    assert uses(C, r"\b(rand|random|drand48|rand_r)\s*\(",
                but=("lib/web/loop.c", "lib/web/run.c")) == []
    assert "RAND_bytes" in (TOP / "lib/codec/crypto.c").read_text()


def test_macs_and_digests_are_compared_in_constant_time():
    """Where a MAC is checked, it is by bytes_equal()."""
    for name in ("lib/login/refresh.c", "lib/checkin/code.c", "lib/login/token.c"):
        text = without_comments((TOP / name).read_text())
        assert "bytes_equal(" in text and not re.search(r"\bmemcmp\s*\(", text), name


def test_outbound_calls_speak_https_and_follow_nobody():
    text = (TOP / "lib/net/http.c").read_text()
    assert "CURLOPT_PROTOCOLS_STR, \"https\"" in text and "CURLOPT_FOLLOWLOCATION, 0L" in text
    assert not re.search(r"SSL_VERIFY(PEER|HOST), 0", text)
    assert uses(C, r"\bcurl_easy_init\s*\(", but=("lib/net/http.c",)) == []
    # Alipay's bill takes "http://" off an address, and fetches the same by https.
    assert uses(C, r'"http://(?!www\.w3\.org)', but=("lib/alipay/bill.c",)) == []


@pytest.mark.parametrize("pattern", [
    r"\.(inner|outer)HTML\b", r"insertAdjacentHTML", r"document\.write", r"\beval\s*\(",
    r"new Function\b", r"set(Timeout|Interval)\s*\(\s*[\"'`]", r"javascript:", r"\bpostMessage\b",
    r"onmessage\b|addEventListener\(\"message\"", r"__proto__", r"document\.cookie",
    r"localStorage", r" on[a-z]+=\"", r"<script(?![^>]* src=)", r"style=\"", r"https?://(?!www\.w3"
    r"\.org)[a-z]"])
def test_pages_do_nothing_that_turns_text_into_code(pattern):
    """What comes from elsewhere is shown by textContent; nothing is loaded from another house.
    What outlives the tab is only the desk's device, which opens nothing without a password."""
    found = [use for use in uses(PAGES, pattern) if "qrcode" not in use
             and use != "nginx/play/api.js: localStorage"]
    assert found == []


def test_migrations_make_no_account():
    """Nobody is there by default: the first admin is made by hand, see README."""
    for path in (TOP / "migrations").glob("*.sql"):
        text = path.read_text()
        assert not re.search(r"INSERT INTO (account|staff_login)\b(?!.*SELECT)", text), path


def test_password_fields_hide_what_is_typed_and_let_managers_help():
    desk = (TOP / "nginx/play/desk.js").read_text()
    assert 'field("password", "password", "current-password")' in desk
    assert uses(PAGES, r"onpaste|autocomplete: ?\"off\"[^)]*password") == []
