"""Tell the story: the same options always give the same world.

The order matters: scenes first, then the ordinary days that fill the tables up, then
what became of deals in the CRM, which disturbs nothing told before.
"""

from pipelines.errors import SandboxError
from pipelines.sandbox.story.advertising import tell_advertising
from pipelines.sandbox.story.creatives import tell_ad_link
from pipelines.sandbox.story.crm import write_crm
from pipelines.sandbox.story.currency import tell_rates
from pipelines.sandbox.story.draft import Draft, begin
from pipelines.sandbox.story.drift import drift
from pipelines.sandbox.story.history import tell_history
from pipelines.sandbox.story.journeys import tell_journeys
from pipelines.sandbox.story.leads import tell_leads
from pipelines.sandbox.story.learning import tell_learning
from pipelines.sandbox.story.mapping import tell_mapping
from pipelines.sandbox.story.operations import tell_operations
from pipelines.sandbox.story.planning import tell_planning
from pipelines.sandbox.story.sales import tell_open_deals, tell_sales
from pipelines.sandbox.story.scenes_attribution import tell_attribution
from pipelines.sandbox.story.scenes_challenge import tell_challenge
from pipelines.sandbox.story.scenes_crm import tell_crm_fields
from pipelines.sandbox.story.scenes_leads import tell_odd_leads
from pipelines.sandbox.story.scenes_products import tell_products
from pipelines.sandbox.story.scenes_states import tell_states
from pipelines.sandbox.story.traffic_leads import tell_cut_copies, tell_traffic_leads
from pipelines.sandbox.story.world import StoryOptions, World

FEWEST_WEEKS, FEWEST_TEAMS = 6, 2


def tell(options: StoryOptions | None = None) -> World:
    """Return the world of a story, complete and consistent up to `options.now`."""
    options = options or StoryOptions()
    _check(options)
    draft = begin(options)
    tell_mapping(draft)
    tell_rates(draft)
    tell_planning(draft)
    _tell_scenes(draft)
    leads = tell_leads(draft)
    tell_sales(draft, leads)
    tell_open_deals(draft, leads)
    everybody = [*draft.scene_leads, *leads]
    tell_journeys(draft, everybody)
    tell_ad_link(draft)
    tell_traffic_leads(draft, leads)
    tell_cut_copies(draft)
    tell_learning(draft)
    tell_operations(draft)
    facebook = tell_advertising(draft, leads)
    tell_history(draft, leads)
    databases = {system: dict(tables) for system, tables in draft.tables.items()}
    if options.variant == "drifted":
        databases = drift(databases)
    return World(
        options=options,
        now=options.now,
        databases=databases,
        facebook=facebook,
        amocrm=write_crm(draft),
    )


def _tell_scenes(draft: Draft) -> None:
    tell_states(draft)
    tell_products(draft)
    tell_challenge(draft)
    tell_attribution(draft)
    tell_crm_fields(draft)
    tell_odd_leads(draft)


def _check(options: StoryOptions) -> None:
    keys = {" ".join(name.lower().split()) for name in options.teams}
    problems = []
    if len(keys) < max(FEWEST_TEAMS, len(options.teams)) or "" in keys:
        problems.append(f"at least {FEWEST_TEAMS} teams with different names")
    if options.weeks < FEWEST_WEEKS:
        problems.append(f"at least {FEWEST_WEEKS} weeks")
    if options.scale < 1:
        problems.append("a scale of at least 1")
    if options.now.utcoffset() is None or options.now.microsecond:
        problems.append("a `now` with a time zone, in whole seconds")
    if problems:
        raise SandboxError(f"sandbox: a story needs {', '.join(problems)}")
