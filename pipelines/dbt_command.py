"""dbt as the build calls it: dbt's own command line, but quick to name its version.

dagster-dbt asks for the version before every build, and dbt answers only after it has
asked the package index for a newer one: seconds of each build, more without a network.
"""

import sys
from importlib.metadata import version


def main() -> None:
    """Answer `--version` from what is installed; anything else is dbt's business."""
    if sys.argv[1:] == ["--version"]:
        print(f"Core:\n  - installed: {version('dbt-core')}")
        return
    # Here, because importing dbt takes a second.
    from dbt.cli.main import cli  # noqa: PLC0415

    cli()


if __name__ == "__main__":
    main()
