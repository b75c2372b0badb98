"""Refreshing, cookies and revocation, as tests/api tries them: here every answer is checked too."""
from test_login import clerk  # noqa: F401
from test_sessions import TestCookies, TestTheEnd, person  # noqa: F401
