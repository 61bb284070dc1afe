"""Names, links and addresses as people really type them; all invented.

Where they end up belongs to `objects.py`.
"""

from random import Random
from typing import Any

Document = dict[str, Any]

NAMES = (
    "Lead form / autumn",
    "Курсы 3D 🚀🔥",
    "מבצע חורף",
    "حملة \u202eهندسة\u202c",
    'He said "buy" \\ now',
    "O'Brien; drop table ads;--",
    "zero\x00byte",
    "line one\nline two\ttab",
    "Zürich – „günstig“",
    "👩‍👩‍👧‍👦 family",
    "{{campaign.name}}",
    "  spaces  ",
    "null",
    "%s %(x)s {0}",
    "日本語キャンペーン",
    "a" * 400,
)
# A name that was cut in the middle of an emoji: valid JSON, no valid text.
TORN_NAME = "sale \ud83d"

TAGS = (
    "utm_source=buyerfb&utm_medium=cpc&utm_campaign={{campaign.id}}",
    "?utm_source=buyer%20two&utm_campaign={{campaign.name}}&utm_content={{ad.name}}",
    "&utm_source=&utm_source=second&utm_term=%D0%BA%D1%83%D1%80%D1%81",
    "utm_source=%7B%7Bsite_source_name%7D%7D&utm_content={{ad.id}}+{{placement}}",
    "utm_source=BuyerFB&utm_campaign={{campaign.nmae}}",
)
SITE = "https://landing.example.com/course"


def name(random: Random, *, torn: bool = False) -> str:
    if torn and random.random() < 0.02:
        return TORN_NAME
    return random.choice(NAMES) if random.random() < 0.5 else f"Ad {random.random()}"


def creative_link(random: Random) -> Document:
    """Return the fields that carry a creative's UTM: any of the places, or none."""
    tags = random.choice(TAGS)
    link = f"{SITE}{'' if tags.startswith('?') else '?'}{tags}"
    action = {"type": "SIGN_UP", "value": {"link": link}}
    places: tuple[Document, ...] = (
        {},
        {"url_tags": tags},
        {"object_story_spec": {"link_data": {"link": link, "message": "¡Hola!"}}},
        {
            "object_story_spec": {
                "link_data": {
                    "child_attachments": [
                        {"link": link, "name": "1"},
                        {"link": f"{SITE}?utm_source=other", "name": "2"},
                    ]
                }
            }
        },
        {"object_story_spec": {"link_data": {"call_to_action": action}}},
        {"object_story_spec": {"video_data": {"call_to_action": action}}},
        {
            "asset_feed_spec": {
                "link_urls": [{"website_url": link, "url_tags": "utm_term=x"}],
                "bodies": [{"text": 'quoted "text" \u2028 here'}],
            }
        },
        {"template_url": link},
        {"template_url_spec": {"web": {"url": link}}},
        {"link_url": link},
        {"object_url": link},
    )
    return random.choice(places)


def lead_answers(random: Random, number: int) -> list[Document]:
    """Return the answers of a person who does not exist."""
    return [
        {"name": "full_name", "values": [f"Example Person {number} 🙂"]},
        {"name": "email", "values": [f"person{number}@example.com"]},
        {"name": "phone_number", "values": [f"+7700000{number % 10000:04}"]},
        {"name": random.choice(("город", "city?")), "values": []},
    ]
