"""The catalogue of rules: every rule has a bad and a good example, each is run, and docs/rules.md shows them."""

import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import iot_jobs
from iot_jobs.check import rules
from iot_jobs.check.registry import RULES
from iot_jobs.finding import Evidence, Rule
from tools import rules_doc

EACH = pytest.mark.parametrize("rule", [rules()[code] for code in rules_doc.WITH_EXAMPLES], ids=rules_doc.WITH_EXAMPLES)


@EACH
def test_bad_example(rule: Rule) -> None:
    """The bad example of a rule gives this rule's finding, with its severity, and no other."""
    bad, _ = rules_doc.examples(rule.code)
    assert [(one.code, one.severity) for one in rules_doc.findings(bad)] == [(rule.code, rule.severity)]


@EACH
def test_good_example(rule: Rule) -> None:
    """The good example of a rule gives nothing."""
    _, good = rules_doc.examples(rule.code)
    assert [str(one) for one in rules_doc.findings(good)] == []


def test_examples_are_alike() -> None:
    """The two examples of a rule are of one kind, differ, and have most of their lines in common."""
    for code in rules_doc.WITH_EXAMPLES:
        bad, good = rules_doc.examples(code)
        assert (bad.suffix, bad.is_dir()) == (good.suffix, good.is_dir()), code
        if bad.is_file() and bad.suffix != ".sh":
            first, second = (path.read_text(errors="replace").splitlines() for path in (bad, good))
            assert first != second, code
            assert len(set(first) ^ set(second)) <= 8, code


def test_every_example_is_of_a_rule() -> None:
    """There is one folder for each rule with examples, and the application that the smaller examples are put into."""
    assert sorted(path.name for path in rules_doc.EXAMPLES.iterdir()) == [*rules_doc.WITH_EXAMPLES, "application"]
    assert rules_doc.findings(rules_doc.APPLICATION) == ()


def test_an_example_that_is_not_checked_is_no_example(tmp_path: Path) -> None:
    """An example that the check would skip, and so find nothing in, is refused."""
    example = tmp_path / "good.yaml"
    example.write_text("Resources: {}\n")
    with pytest.raises(ValueError, match="without job templates"):
        rules_doc.findings(example)


def test_wording() -> None:
    """A title begins in lower case, but for an abbreviation, and has no full stop; a reason is a sentence."""
    for rule in rules().values():
        assert re.fullmatch(r"JT[0-9]{3}", rule.code), rule
        first = rule.title.split()[0]
        assert first[0].islower() or first.isupper(), rule
        assert not rule.title.endswith("."), rule
        assert rule.why[0].isupper(), rule
        assert rule.why.endswith("."), rule
        assert re.match(r"https://|the ", rule.source) or rule.evidence == "measured" or rule.code == "JT252", rule


def test_evidence() -> None:
    """Each rule says what it rests on as data, which its source fits, and its texts don't say it a second time."""
    for rule in declared():
        is_page = rule.source.startswith("https://")
        assert is_page if rule.evidence in ("documented", "schema") else rule.evidence != "measured" or not is_page, (
            rule
        )
        assert not re.search("(?i)assumed|measured", f"{rule.why} {rule.source}"), rule
    assert {rule.evidence for rule in rules().values()} == set(get_args(Evidence))


def test_severity_shows_in_the_code() -> None:
    """From JTx50 on a code is a warning's, below it an error's, so that who reads it in a log can tell."""
    for rule in rules().values():
        assert (rule.severity == "warning") == (int(rule.code[3:]) >= 50), rule


def test_document_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/rules.md is current; `python -m tools.rules_doc` writes it from the rules and examples."""
    monkeypatch.setattr(sys, "argv", ["rules_doc", "--check"])
    assert rules_doc.main() == 0


def test_document_has_an_anchor_for_each_rule() -> None:
    """Each rule has a heading that is its code alone, so that `docs/rules.md#jt203` leads to it, and a row above."""
    text = rules_doc.DOCUMENT.read_text()
    assert re.findall(r"^### (.*)$", text, re.MULTILINE) == list(rules())
    assert re.findall(r"^\| \[(JT[0-9]{3})\]\(#jt[0-9]{3}\) \|", text, re.MULTILINE) == list(rules())
    assert text.count("\n```") % 2 == 0


def test_the_catalogue_starts_no_node() -> None:
    """Listing the rules, as an acknowledgement does, loads neither the CDK nor jsii."""
    code = "import sys; from iot_jobs.check import rules; rules(); sys.exit(bool({'aws_cdk', 'jsii'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


def declared() -> Iterator[Rule]:
    """Every rule that a module of the library declares."""
    for module in pkgutil.walk_packages(iot_jobs.__path__, "iot_jobs."):
        if not module.name.startswith(("iot_jobs.cdk", "iot_jobs.__main__")):
            yield from (
                value for value in vars(importlib.import_module(module.name)).values() if isinstance(value, Rule)
            )


def test_every_rule_is_registered() -> None:
    """Each rule that is declared anywhere is registered, once, in the order of the codes, and no two have one code."""
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    assert {id(rule) for rule in declared()} == set(map(id, RULES))
