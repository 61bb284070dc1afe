"""Bodies that are no hooks, or hooks of somebody else: what an address may receive.

Right ones belong to `hooks.py`.
"""

from urllib.parse import quote_plus

MIB = 2**20
ACCOUNT = b"account[id]=31&account[subdomain]=sandbox"
LEAD = b"leads[add][0][id]=1&leads[add][0][status_id]=142&leads[add][0][pipeline_id]=5"
DEPTH = 40
FIELDS = 20_000


def _deep() -> bytes:
    return b"leads" + b"[add]" * DEPTH + b"=1&" + ACCOUNT


def _wide() -> bytes:
    fields = b"&".join(b"leads[add][%d][id]=1" % place for place in range(FIELDS))
    return fields + b"&" + ACCOUNT


# How each of them breaks the rules, by name.
BROKEN_BODIES: dict[str, bytes] = {
    "empty": b"",
    "spaces": b"   \r\n",
    "json": b'{"leads": {"add": [{"id": 1}]}, "account": {"id": 31}}',
    "xml": b"<?xml version='1.0'?><leads/>",
    "binary": bytes(range(256)),
    "oversize": LEAD + b"&leads[add][0][name]=" + b"x" * (2 * MIB) + b"&" + ACCOUNT,
    "deep": _deep(),
    "wide": _wide(),
    "no_account": LEAD,
    "no_account_id": LEAD + b"&account[subdomain]=sandbox",
    "account_is_text": LEAD + b"&account=31",
    "two_accounts": LEAD + b"&" + ACCOUNT + b"&account[id]=32",
    "other_account": LEAD + b"&account[id]=32&account[subdomain]=sandbox",
    "other_subdomain": LEAD + b"&account[id]=31&account[subdomain]=elsewhere",
    "only_account": ACCOUNT,
    "unknown_part": b"talk[add][0][id]=1&" + ACCOUNT,
    "unknown_kind": b"leads[teleport][0][id]=1&" + ACCOUNT,
    "scalar_then_array": b"leads=1&" + LEAD + b"&" + ACCOUNT,
    "array_then_scalar": LEAD + b"&leads=1&" + ACCOUNT,
    "duplicate_leaf": LEAD + b"&leads[add][0][id]=2&" + ACCOUNT,
    "no_id": b"leads[add][0][status_id]=142&" + ACCOUNT,
    "empty_id": b"leads[add][0][id]=&" + ACCOUNT,
    "text_id": b"leads[add][0][id]=one&" + ACCOUNT,
    "negative_id": b"leads[add][0][id]=-1&" + ACCOUNT,
    "fraction_id": b"leads[add][0][id]=1.5&" + ACCOUNT,
    "huge_id": b"leads[add][0][id]=99999999999999999999999&" + ACCOUNT,
    "other_digits": b"leads[add][0][id]=" + quote_plus("١٢").encode() + b"&" + ACCOUNT,
    "huge_index": b"leads[add][999999999][id]=1&" + ACCOUNT,
    "gap_in_indices": b"leads[add][0][id]=1&leads[add][2][id]=2&" + ACCOUNT,
    "text_index": b"leads[add][first][id]=1&" + ACCOUNT,
    "no_index": b"leads[add][id]=1&" + ACCOUNT,
    "append_index": b"leads[add][][id]=1&leads[add][][id]=2&" + ACCOUNT,
    "open_bracket": b"leads[add][0][id=1&" + ACCOUNT,
    "stray_bracket": b"]leads[add][0][id]=1&" + ACCOUNT,
    "empty_name": b"=1&&=&" + LEAD + b"&" + ACCOUNT,
    "invalid_utf8": b"leads[add][0][id]=1&leads[add][0][name]=%ff%fe&" + ACCOUNT,
    "cp1251": b"leads[add][0][id]=1&leads[add][0][name]=%cf%f0%e8%e2%e5%f2&" + ACCOUNT,
    "nul": b"leads[add][0][id]=1&leads[add][0][name]=a%00b&" + ACCOUNT,
    "lone_surrogate": b"leads[add][0][id]=1&leads[add][0][name]=%ed%a0%80&" + ACCOUNT,
    "half_percent": b"leads[add][0][id]=1&leads[add][0][name]=%4&" + ACCOUNT,
    "semicolons": LEAD.replace(b"&", b";") + b";" + ACCOUNT.replace(b"&", b";"),
    "cut_in_the_middle": (LEAD + b"&" + ACCOUNT)[:-30],
}
