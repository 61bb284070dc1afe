"""What the emulator serves: a world, its switches, and the CRM that changes it.

How it answers belongs to the modules beside it.
"""

import contextlib
from collections import deque
from dataclasses import dataclass, field

from pipelines.sandbox.crm.behaviour import Behaviour
from pipelines.sandbox.crm.living import LivingCrm
from pipelines.sandbox.crm.tokens import TokenDesk
from pipelines.sandbox.story.world import AmocrmWorld


@dataclass
class Crm:
    """The emulator's state."""

    world: AmocrmWorld
    behaviour: Behaviour
    living: LivingCrm | None = None
    recent: deque[float] = field(default_factory=deque)

    @property
    def desk(self) -> TokenDesk:
        """Return the desk of tokens, its first pair given out."""
        desk = self.behaviour.desk
        desk.open(self.world.access_token)
        return desk

    def quiet(self) -> contextlib.AbstractContextManager[object]:
        """Return what keeps the world still while an answer is written."""
        return self.living.lock if self.living else contextlib.nullcontext()
