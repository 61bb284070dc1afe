"""Random form bodies, and what a real PHP makes of them.

`python -m tests.ingest.amocrm_php 200000 1` compares that many bodies of one seed.
"""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence

from pipelines.ingest.amocrm.forms import Tree, parse_str

PHP = shutil.which("php")
MAX_FIELDS = 20
# A number stays apart from a text of the same digits; bytes travel as hex.
PROGRAM = """
function told($value) {
    if (!is_array($value)) return bin2hex($value);
    $told = [];
    foreach ($value as $key => $inner)
        $told[] = [is_int($key) ? "$key" : "x" . bin2hex($key), told($inner)];
    return $told;
}
while (($line = fgets(STDIN)) !== false) {
    $result = [];
    @parse_str(hex2bin(rtrim($line)), $result);
    echo json_encode(told($result), 0, 1000), "\n";
}
"""
PIECES = (
    *(b"a", b"b", b"leads", b"x" * 30, b"[", b"[", b"[", b"]", b"]", b"]", b"[]"),
    *(b"[0]", b"[1]", b"[a]", b"[-5]", b"[ ]", b"[ x]", b"[9223372036854775806]"),
    *(b"=", b"=", b"&", b"&", b";", b"#", b"?", b".", b"_", b" ", b"+", b"\t", b"\n"),
    *(b"%20", b"%5B", b"%5D", b"%00", b"%0b", b"%", b"%4", b"%zz", b"%D0%9F"),
    *(b"\x00", b"\xff", b"\xf0\x9f\x98\x80", b"0", b"1", b"-1", b"-", b"-0", b"00"),
    *(b"9223372036854775807", b"9223372036854775808", b"-9223372036854775808"),
    b"18446744073709551617",
)
NAMES = (b"a", b"a", b"b", b"a.b", b" a", b"1")
INDEXES = (
    *(b"[]", b"[0]", b"[1]", b"[a]", b"[-3]", b"[ ]", b"[7", b"x]", b"[ 1]"),
    *(b"%5B0%5D", b"[9223372036854775807]"),
)
VALUES = (b"", b"=", b"=1", b"=%41+", b"=a=b")


def random_body(dice: random.Random) -> bytes:
    """Return a body of noise, of names that meet again, or of very deep ones."""
    kind = dice.random()
    if kind < 0.6:
        return b"".join(dice.choices(PIECES, k=dice.randint(1, 40)))
    if kind < 0.97:
        return b"&".join(
            dice.choice(NAMES)
            + b"".join(dice.choices(INDEXES, k=dice.randint(0, 5)))
            + dice.choice(VALUES)
            for _ in range(dice.randint(1, 2 + MAX_FIELDS // 2))
        )
    deep = b"a" + b"[x]" * dice.randint(60, 67) + dice.choice((b"", b"[", b"[y"))
    return deep + b"=1&a" + b"[x]" * dice.randint(0, 3) + b"=2"


def by_php(bodies: Sequence[bytes]) -> list[object]:
    """Return the arrays of one PHP process for all bodies."""
    command = [PHP or "php", "-n", "-d", f"max_input_vars={MAX_FIELDS}", "-r", PROGRAM]
    lines = b"".join(body.hex().encode() + b"\n" for body in bodies)
    done = subprocess.run(command, input=lines, capture_output=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(bodies), "PHP did not answer each body"
    return answers


def by_us(body: bytes) -> object:
    """Return our array in the words of the PHP program."""
    return _told(parse_str(body, max_fields=MAX_FIELDS))


def _told(value: bytes | Tree) -> object:
    if isinstance(value, bytes):
        return value.hex()
    return [
        [str(key) if isinstance(key, int) else "x" + key.hex(), _told(inner)]
        for key, inner in value.items()
    ]


def differences(count: int, *, seed: int) -> list[tuple[bytes, object, object]]:
    """Return the bodies that we read otherwise than PHP, with both readings."""
    dice = random.Random(seed)
    bodies = [random_body(dice) for _ in range(count)]
    ours = map(by_us, bodies)
    return [
        (body, theirs, own)
        for body, theirs, own in zip(bodies, by_php(bodies), ours, strict=True)
        if theirs != own
    ]


if __name__ == "__main__":
    bodies, seed = map(int, sys.argv[1:3])
    found = differences(bodies, seed=seed)
    for body, theirs, own in found[:10]:
        print(body, theirs, own, sep="\n    ")
    print(f"{bodies} bodies of seed {seed}: {len(found)} read otherwise than PHP")
