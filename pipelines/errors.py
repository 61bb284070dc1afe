"""The error tree: each error names system, table, window and what to do next.

What is raised here is ours; an exception of a library never reaches a reader bare.
"""


class PipelineError(Exception):
    """Anything this project says no to."""


class ConfigurationError(PipelineError):
    """Settings are missing or contradict each other."""


class SandboxError(PipelineError):
    """The sandbox cannot be started or is in use."""


class SourceError(PipelineError):
    """A source could not be read: message and remedy, by system and table.

    `guard` names what stopped a load on purpose, as the asset checks show it.
    """

    def __init__(
        self,
        message: str,
        *,
        system: str,
        table: str | None = None,
        window: str | None = None,
        remedy: str | None = None,
        guard: str | None = None,
    ) -> None:
        self.message = message
        self.system = system
        self.table = table
        self.window = window
        self.remedy = remedy
        self.guard = guard
        place = ".".join(part for part in (system, table) if part)
        where = f"{place} [{window}]" if window else place
        super().__init__(f"{where}: {message}" + (f" - {remedy}" if remedy else ""))


class SourceUnreachable(SourceError):
    """The server does not answer: down, wrong address, cut connection."""


class AuthError(SourceError):
    """The credential is wrong, expired or lacks a right; retrying cannot help."""


class RateLimited(SourceError):
    """The API asked us to wait longer than this run may wait."""


class SchemaChanged(SourceError):
    """A required table or column is missing, or a type no longer fits."""


class ProtocolError(SourceError):
    """The API answered in a way that its protocol does not allow."""


class LoadRefused(SourceError):
    """A guard stopped a load that would have lost data."""


class WarehouseError(SourceError):
    """The warehouse could not take the rows: full, read-only, cut, or a bad value."""


class PublishRefused(PipelineError):
    """A mart cannot be published: its shape changed or its audit failed."""
