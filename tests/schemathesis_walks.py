"""Bodies that are no JSON, with which a walk through the API gets somewhere; else as without.

Schemathesis reads this in place of ``schemathesis_hooks.py``. (Where a media type is known to it,
it does not try the description's examples; so this is for walks only.)
"""

import json
from base64 import b64encode
from hashlib import sha256

import schemathesis
import schemathesis_hooks  # noqa: F401  # registers itself
from hypothesis import strategies as st
from support import STAMP

PART = b"x"


def content_digest(body: bytes) -> str:
    """What `Content-Digest` says of the body."""
    return f"sha-256=:{b64encode(sha256(body).digest()).decode()}:"


_FILE = {"Name": "b.txt", "Timestamp": STAMP, "Size": 1, "Sha256": sha256(PART).hexdigest()}
BULK = json.dumps({"Files": [_FILE]}).encode() + b"\n" + PART

schemathesis.openapi.media_type(
    "application/octet-stream", st.just(PART) | st.just(BULK) | st.binary()
)
