"""What the creatives of the ads look like, and what their tags say: right and wrong.

The places that can hold tags belong to `utm_places.py`, the ads to `ads.py`.
"""

from urllib.parse import quote, quote_plus

from pipelines.sandbox.story.ads import Ad
from pipelines.sandbox.story.cast import AGENCY, CONTESTED, NICK, SHARED_NICK, STUDIO
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.utm_places import (
    LINK,
    in_both,
    in_button,
    in_cards,
    in_feed_links,
    in_feed_tags,
    in_link,
    in_link_url,
    in_object_url,
    in_short_link,
    in_template,
    in_template_spec,
    in_url_tags,
    in_video_button,
    nowhere,
    source_tag,
)
from pipelines.sandbox.story.world import Document, Row

NAMES = "utm_campaign={{campaign.name}}&utm_content={{ad.name}}&utm_term={{adset.name}}"
IDS = "utm_campaign={{campaign.id}}&utm_content={{ad.id}}&utm_term={{adset.id}}"
PLACED = f"utm_medium={{{{placement}}}}&{NAMES}"
# One letter off the agency's tag.
MISSPELT = AGENCY.replace("c", "k")
# Two letters swapped, and one too many.
SCRAMBLED = "nvoa_FBB"
UNMAPPED = "promo_wave"
# The second ad abroad shows the creative of the first.
BORROWED = {("abroad", 1): 0}


def tell_ad_link(draft: Draft) -> None:
    """Point one of Landing's short links at the page of an ad, with its tags."""
    link = _short_link(draft)
    tags = source_tag(draft.cast.agency.team.convention, "utm_medium=cpc")
    link |= {
        "original_url": f"{LINK}?{tags}&utm_campaign=short%20link",
        "lead_id": None,
        "campaign": "facebook",
    }


def creative_id(ad: Ad) -> str:
    number = BORROWED.get((ad.campaign.key, ad.number), ad.number)
    return f"{ad.campaign.campaign_id}7{number + 1:02d}"


def write_creatives(draft: Draft, ads: list[Ad]) -> list[Document]:
    """Return the creatives of the ads; the odd ones stand in `_odd`."""
    odd = _odd(draft)
    return [
        {
            "id": creative_id(ad),
            "account_id": ad.campaign.account.digits,
            "name": f"creative of {ad.name}",
            "status": "ACTIVE",
            "object_type": "VIDEO" if ad.is_video else "SHARE",
            **(odd.get((ad.campaign.key, ad.number)) or _usual(ad)),
        }
        for ad in ads
        if (ad.campaign.key, ad.number) not in BORROWED
    ]


def _usual(ad: Ad) -> Document:
    """Tag the link in the creative's own tags, or inside the link itself."""
    tags = source_tag(_source(ad), PLACED)
    return in_link(tags) if ad.number % 3 == 2 else in_url_tags(tags)


def _source(ad: Ad) -> str:
    return ad.campaign.team.convention if ad.campaign.team else "facebook"


def _odd(draft: Draft) -> dict[tuple[str, int], Document]:
    """Return what is special, by campaign and number of the ad."""
    first, second = (draft.cast.team(number).convention for number in (0, 1))
    return {
        **_first_main(first),
        **_second_main(second),
        **_agency(),
        **_small(draft, first),
    }


def _first_main(source: str) -> dict[tuple[str, int], Document]:
    """Put the same kind of tags into one place after another."""
    said = source_tag(source, PLACED)
    cards = [source_tag(source, f"utm_campaign=card+{number}") for number in (1, 2)]
    return {
        ("main_0", 1): in_video_button(said),
        ("main_0", 3): in_url_tags(f"?{said}"),
        ("main_0", 4): in_cards(*cards, cards[0]),
        ("main_0", 5): in_feed_links(said, source_tag(source, "utm_campaign=feed")),
    }


def _second_main(source: str) -> dict[tuple[str, int], Document]:
    """Write macros and letters in every way that a link allows."""
    decoded = source_tag(source, PLACED)
    encoded = decoded.replace("{{", "%7B%7B").replace("}}", "%7D%7D")
    winter = f"utm_campaign={quote('Зима')}+{quote('скидки')}&utm_content=Видео 1"
    twice = source_tag(source, "utm_source=facebook&utm_content=&utm_term=")
    return {
        ("main_1", 0): in_url_tags(source_tag(source, f"utm_medium=cpc&{IDS}")),
        ("main_1", 1): in_button(encoded),
        ("main_1", 2): in_link(source_tag(source, winter)),
        ("main_1", 3): in_template(source_tag(source, "utm_medium=cpc")),
        ("main_1", 4): in_url_tags(f"{twice}&utm_campaign={{{{campaign.name}}}}"),
        ("main_1", 5): in_template_spec(source_tag(source, IDS)),
    }


def _agency() -> dict[tuple[str, int], Document]:
    """Let the agency err: a letter off, an ampersand first, another team's buyer."""
    return {
        ("agency", 0): in_feed_tags(source_tag(AGENCY, PLACED)),
        ("agency", 1): in_url_tags(source_tag(MISSPELT, NAMES)),
        ("agency", 3): in_url_tags(f"&{source_tag(AGENCY, NAMES)}"),
        ("agency", 4): in_url_tags(source_tag(NICK, NAMES)),
    }


def _small(draft: Draft, source: str) -> dict[tuple[str, int], Document]:
    """Tag the small campaigns with what belongs to nobody, to two, or is missing."""
    unknown = "utm_content={{ad.budget}}&utm_term={{campaign.nme}}"
    clicks = "utm_source={{site_source_name}}&utm_medium={{placement}}"
    return {
        ("tracked", 0): in_url_tags(source_tag(UNMAPPED, NAMES)),
        ("tracked", 1): nowhere(),
        ("tracked", 2): in_url_tags(source_tag(source, unknown)),
        ("contested", 0): in_url_tags(source_tag(CONTESTED.lower(), NAMES)),
        ("contested", 1): in_link(clicks),
        ("mapped", 0): in_short_link(_short_link(draft)["short_code"]),
        ("mapped", 1): in_both(
            source_tag(source, IDS), "utm_source=facebook&utm_campaign=old"
        ),
        ("orphan", 0): in_url_tags("utm_medium=cpc&utm_campaign={{campaign.name}}"),
        ("twin_1", 0): in_link_url(f"utm_source=facebook&{IDS}"),
        ("twin_2", 0): in_object_url(source_tag(STUDIO, NAMES)),
        # What the link says beside its tags does not contradict them.
        ("local", 0): in_both(
            source_tag(STUDIO, PLACED), source_tag(STUDIO, "utm_id=77")
        ),
        ("local", 1): in_link(f"utm_source=Facebook&utm_campaign={quote_plus('a b')}"),
        ("local", 2): in_url_tags(source_tag(SCRAMBLED, IDS)),
        ("trial", 0): in_link(
            "utm_source=facebook&utm_campaign={{campaign.name}}_{{ad.id}}"
            "&utm_term={{ad.name}#form"
        ),
        ("abroad", 0): in_url_tags(source_tag(NICK.upper(), "utm_content={{ad.name}}")),
        ("abroad", 2): in_url_tags(source_tag(SHARED_NICK, NAMES)),
    }


def _short_link(draft: Draft) -> Row:
    return draft.rows("landing", "short_links")[0]
