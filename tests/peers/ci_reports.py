"""Reads the reports of `binnacle ci check` with other programs' parsers; the names in them are hostile (ci.sh)."""
import html.parser
import json
import os
import sys
import xml.etree.ElementTree

where = sys.argv[1]
report = json.load(open(os.path.join(where, "report.json")))
cases = [(s["name"], c) for s in report["suites"] for c in s["cases"]]
bad = 0


def check(name, good):
    global bad
    print(("ok " if good else "FAIL: ") + name)
    bad |= not good


def path(name):
    return os.path.join(where, name)


failed = sum(c["verdict"] == "fail" and c["severity"] == "block" for _, c in cases)
skipped = sum(c["verdict"] == "skipped" for _, c in cases)
found = list(xml.etree.ElementTree.parse(path("junit.xml")).getroot().iter("testcase"))
check("xml.etree finds every case", len(found) == len(cases))
check("and its suite", [t.get("classname") for t in found] == [s for s, _ in cases])
check("and every failure", sum(t.find("failure") is not None for t in found) == failed > 0)

try:
    import junitparser
    suites = junitparser.JUnitXml.fromfile(path("junit.xml"))
    check("junitparser counts them", (suites.tests, suites.failures, suites.skipped) == (len(cases), failed, skipped))
    check("and its suites add up", sum(s.tests for s in suites) == len(cases))
except ImportError:
    print("SKIP: JUnit in junitparser: it is not installed")

try:
    from prometheus_client.openmetrics import parser
    families = {f.name: f for f in parser.text_string_to_metric_families(open(path("metrics.txt")).read())}
    values = {(s.labels["part"], s.labels["metric"]): s.value for s in families["binnacle_ci_metric"].samples}
    check("OpenMetrics has every metric",
          values == {(m["part"], m["name"]): m["value"] for m in report["metrics"] if m["value"] is not None})
    check("and the verdict", [s.labels["verdict"] for s in families["binnacle_ci_verdict"].samples if s.value] == ["fail"])
except ImportError:
    print("SKIP: OpenMetrics in prometheus_client: it is not installed")

try:
    from markdown_it import MarkdownIt
except ImportError:
    print("SKIP: Markdown in markdown-it: it is not installed")
    sys.exit(bad)


class Page(html.parser.HTMLParser):
    """Tags, attributes, rows, and the text outside of code, which is what a forge looks for references in."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.text, self.rows = [], set(), [], "", 0

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes += [a for a in attributes if a[0] not in ("style", "class")]
        self.rows += tag == "tr"
        if tag not in ("hr", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        if not {"code", "pre"} & set(self.open):
            self.text += data


page = Page()
page.feed(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(open(path("note.md")).read()))
check("Markdown closes what it opens", not page.open)
check("and has no tag of a name", page.tags <= {
    "h3", "h4", "p", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "sub"})
check("nor an attribute", not page.attributes)
check("and no mention, reference or address outside of code",
      not any(w in page.text for w in ("@", "#", "!2", "~", "http", "www", "evil", "script")))
shown = min(50, sum(c["verdict"] != "pass" for _, c in cases))
check("and a row for each finding and metric", page.rows == shown + 1 + len(report["metrics"]) + 1)
sys.exit(bad)
