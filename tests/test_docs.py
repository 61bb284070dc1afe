"""README, DECISIONS and .env.example say what is true of the tree."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
DOCUMENTS = [ROOT / "README.md", ROOT / "DECISIONS.md", *(ROOT / "docs").glob("*.md")]
VARIABLE = re.compile(
    r'"((?:PIPELINE|FACEBOOK|AMOCRM|DAGSTER|WAREHOUSE|LANDING|TRAFFIC|TRIPWIRE|ALERT|PUBLISH)_[A-Z_]+)"'
)
# Derived from WAREHOUSE_URL for dbt's profile, or Dagster's own.
DERIVED = re.compile(r"WAREHOUSE_(HOST|PORT|USER|PASSWORD|DBNAME|SSLMODE)|DAGSTER_HOME")


def test_every_make_target_in_the_documents_exists():
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, flags=re.MULTILINE))

    for document in DOCUMENTS:
        named = set(re.findall(r"`?make ([a-z]+)\b", document.read_text()))

        assert named & {"run", "test", "dev", "check", "install"} <= targets
        for code in re.findall(r"`make ([a-z]+)`", document.read_text()):
            assert code in targets, f"{document.name} names `make {code}`"


def test_every_variable_the_code_reads_is_in_the_example():
    named = set(re.findall(r"^([A-Z][A-Z_]+)=", EXAMPLE, flags=re.MULTILINE))
    readers = ("pipelines/defs/resources.py", "pipelines/webhook/settings.py")
    code = "".join((ROOT / reader).read_text() for reader in readers)
    read = {name for name in VARIABLE.findall(code) if not DERIVED.match(name)}

    assert read
    assert read <= named


def test_only_one_file_names_environment_variables():
    # PGSSLROOTCERT is the database client's own variable; the receiver is a process of
    # its own, which starts in a second because it never loads Dagster.
    allowed = {
        "pipelines/defs/resources.py",
        "pipelines/connections.py",
        "pipelines/webhook/settings.py",
    }
    for path in (ROOT / "pipelines").rglob("*.py"):
        name = path.relative_to(ROOT).as_posix()
        if name in allowed or name.startswith("pipelines/sandbox/"):
            continue

        assert "os.environ" not in path.read_text(), name
        assert "EnvVar(" not in path.read_text(), name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path):
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), target


def test_paths_named_in_the_readme_exist():
    for path in re.findall(r"`((?:pipelines|dbt_project|tests|docs)/[\w/.]*)`", README):
        assert (ROOT / path).exists(), path


def test_readme_stays_within_two_screens():
    assert len(README.splitlines()) <= 120


def test_every_test_that_the_failure_list_names_exists():
    text = (ROOT / "docs/reliability.md").read_text()
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", text)

    assert len(named) > 40
    for file, test in named:
        path = ROOT / "tests" / file
        assert path.exists(), file
        assert not test or f"def {test}(" in path.read_text(), f"{file}::{test}"


def test_every_row_of_the_failure_list_has_a_test():
    text = (ROOT / "docs/reliability.md").read_text()
    rows = re.findall(r"^\| (\d+) \|(.*)$", text, flags=re.MULTILINE)

    assert [int(number) for number, _ in rows] == list(range(1, len(rows) + 1))
    for number, row in rows:
        assert "::test_" in row, number
