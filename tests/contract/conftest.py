"""These tests hold the built openapi.yaml against the source, the programs and the running stack
that ZX_TEST_RUN names. The people in them are those of tests/api, and every answer that one of
them gets is held against the description too."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "api"))

import house as houses  # noqa: E402
from answers import watch  # noqa: E402
from fixtures import *  # noqa: E402,F401,F403

watch(houses.Client)
