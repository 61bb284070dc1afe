"""Places that any account of the machine can reach, for a server that is not root's.

PostgreSQL refuses to run as root, so the sandbox of a root user runs it as `nobody`.
What runs there belongs to `server.py`.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
from pathlib import Path


def is_traversable(path: Path) -> bool:
    """Tell whether any user may enter every folder above a path."""
    existing = [folder for folder in (path, *path.parents) if folder.exists()]
    return all(folder.stat().st_mode & 0o001 for folder in existing)


def public_folder(path: Path) -> Path:
    """Return a folder outside private homes that belongs to a path."""
    name = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"traffic-sandbox-{name}"
    folder.mkdir(exist_ok=True)
    with contextlib.suppress(PermissionError):
        # Whatever the umask says: another account has to enter.
        folder.chmod(0o755)
    return folder


def public_copy(tree: Path) -> Path:
    """Copy the server's binaries to where an unprivileged user can run them."""
    target = public_folder(tree) / tree.name
    if not target.exists():
        partial = target.with_name(f"{target.name}.{os.getpid()}")
        shutil.copytree(tree, partial, symlinks=True)
        for path in (partial, *partial.rglob("*")):
            if not path.is_symlink():
                # What the owner may read and enter, anybody may.
                mode = path.stat().st_mode
                path.chmod(mode | (mode >> 6 & 0o5))
        with contextlib.suppress(OSError):
            partial.rename(target)
    return target
