"""Where a creative can carry its tags: one builder per place that Facebook knows.

Which ad carries which tags is decided in `creatives.py`.
"""

from urllib.parse import quote

from pipelines.sandbox.story.world import Document

LINK = "https://school.example/express"
MESSAGE = "Sample text"


def in_url_tags(tags: str) -> Document:
    """Let Facebook append the tags to a bare link."""
    return {"url_tags": tags, **_story({"link": LINK})}


def in_link(tags: str) -> Document:
    return _story({"link": f"{LINK}?{tags}"})


def in_both(tags: str, tags_of_link: str) -> Document:
    """Carry other tags in the link than those that Facebook appends."""
    return {"url_tags": tags, **_story({"link": f"{LINK}?{tags_of_link}"})}


def in_cards(*sets: str) -> Document:
    """Give each card of a carousel tags of its own."""
    cards = [
        {"link": f"{LINK}/{number}?{tags}", "name": f"Card {number}"}
        for number, tags in enumerate(sets, start=1)
    ]
    return _story({"link": LINK, "child_attachments": cards})


def in_button(tags: str) -> Document:
    return _story({"link": LINK, "call_to_action": _button(tags)})


def in_video_button(tags: str) -> Document:
    video = {"video_id": "700000000000001", "call_to_action": _button(tags)}
    return {"object_story_spec": {"video_data": video | {"message": MESSAGE}}}


def in_feed_links(*sets: str) -> Document:
    return _feed([{"website_url": f"{LINK}?{tags}"} for tags in sets])


def in_feed_tags(tags: str) -> Document:
    """Let an asset feed append the tags to its bare link."""
    return _feed([{"website_url": LINK, "url_tags": tags}])


def in_template(tags: str) -> Document:
    return {"template_url": f"{LINK}?{tags}"}


def in_template_spec(tags: str) -> Document:
    return {"template_url_spec": {"web": {"url": f"{LINK}?{tags}"}}}


def in_link_url(tags: str) -> Document:
    return {"link_url": f"{LINK}?{tags}"}


def in_object_url(tags: str) -> Document:
    return {"object_url": f"{LINK}?{tags}"}


def in_short_link(code: str) -> Document:
    """Hide the tags behind one of Landing's short links."""
    return _story({"link": f"https://school.example/l/{code}"})


def nowhere() -> Document:
    return _story({"link": LINK})


def source_tag(value: str, rest: str = "") -> str:
    """Write a utm_source, and whatever tags follow it."""
    return f"utm_source={quote(value)}{rest and '&'}{rest}"


def _story(link_data: Document) -> Document:
    return {"object_story_spec": {"link_data": {"message": MESSAGE} | link_data}}


def _button(tags: str) -> Document:
    return {"type": "LEARN_MORE", "value": {"link": f"{LINK}?{tags}"}}


def _feed(link_urls: list[Document]) -> Document:
    return {"asset_feed_spec": {"link_urls": link_urls, "ad_formats": ["AUTOMATIC"]}}
