"""Reads Prometheus' text format 0.0.4, and holds it to the format and to the conventions for names
and units (prometheus.io/docs/instrumenting/exposition_formats, …/practices/naming)."""
import re
from collections import defaultdict

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LINE = re.compile(r'([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)')
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)')
ENDINGS = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}
UNITS = ("seconds", "bytes", "ratio")


class Family:
    def __init__(self, name: str, kind: str, text: str):
        self.name, self.kind, self.help = name, kind, text
        self.samples = {}  # (name, labels as sorted pairs) -> value

    def of(self, ending: str = "", **labels) -> dict:
        """Samples with these labels, by all of their labels."""
        wanted = set(labels.items())
        return {had: value for (name, had), value in self.samples.items()
                if name == self.name + ending and wanted <= set(had)}


def labels_of(text: str) -> tuple:
    pairs, at = [], 0
    while at < len(text):
        found = LABEL.match(text, at)
        assert found, f"labels {text!r}"
        pairs.append(found.groups()[:2])
        at = found.end()
    assert len({name for name, _ in pairs}) == len(pairs), f"a label twice: {text}"
    return tuple(sorted(pairs))


def read(text: str) -> dict:
    """name -> Family; whatever is against the format fails."""
    assert text.endswith("\n")
    families, helps, family = {}, {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            _, _, name, words = line.split(" ", 3)
            assert name not in helps, f"{name} is explained twice"
            helps[name] = words
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert NAME.fullmatch(name) and name in helps and name not in families, line
            family = families[name] = Family(name, kind, helps[name])
        else:
            name, labels, value = LINE.fullmatch(line).groups()
            assert family and name in [family.name + e for e in ENDINGS[family.kind]], line
            key = (name, labels_of(labels or ""))
            assert key not in family.samples, f"twice: {line}"
            family.samples[key] = float(value)
    for family in families.values():
        check(family)
    return families


def check(family: Family):
    name = family.name
    assert re.fullmatch(r"zhixing_[a-z_]+", name) and family.help
    assert name.endswith("_total") == (family.kind == "counter"), name
    assert not re.search(r"_(ms|us|millis|micros|minutes|kb|mb)(_|$)", name), name
    if family.kind == "histogram":
        assert name.endswith(tuple(f"_{unit}" for unit in UNITS)), name
        check_histogram(family)


def check_histogram(family: Family):
    series = defaultdict(list)
    for labels, value in family.of("_bucket").items():
        bounds = dict(labels)
        bound = float(bounds.pop("le"))
        series[tuple(sorted(bounds.items()))].append((bound, value))
    assert set(series) == set(family.of("_sum")) == set(family.of("_count"))
    for labels, buckets in series.items():
        bounds, counts = zip(*buckets)
        assert list(bounds) == sorted(bounds) and bounds[-1] == float("inf"), labels
        assert list(counts) == sorted(counts), f"not cumulative: {labels}"
        assert counts[-1] == family.of("_count")[labels], labels
        assert family.of("_sum")[labels] <= counts[-1] * 1e6
