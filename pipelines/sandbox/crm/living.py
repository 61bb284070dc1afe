"""A CRM that people work in: every operation changes it as AmoCRM would.

The documents change, the feed of events grows and hooks ring. What an operation does
belongs to the work modules, what the API then answers to `sandbox/amocrm.py`.
"""

from pipelines.sandbox.crm.dictionary_work import DictionaryWork
from pipelines.sandbox.crm.lead_work import LeadWork
from pipelines.sandbox.crm.operation import MARK
from pipelines.sandbox.crm.people_work import PeopleWork


class LivingCrm(LeadWork, PeopleWork, DictionaryWork):
    """One account at work; the world that it is given is changed in place."""


# What `POST /sandbox/<operation>` may call.
OPERATIONS = tuple(
    sorted(name for name in dir(LivingCrm) if hasattr(getattr(LivingCrm, name), MARK))
)
