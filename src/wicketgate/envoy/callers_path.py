"""The path that the caller asked for, in logs and error pages: without the query, which carries keys and tokens.

A Lambda function's event holds it, and no header that goes on; so there it stands in the stream's metadata.
"""

from __future__ import annotations

import json

_PLACES = (
    {"command": "DYNAMIC_METADATA", "param": "wicketgate:lambda:path"},
    {"command": "PATH", "param": "NQ:ORIG_OR_PATH"},
)
CALLERS_PATH = f"%COALESCE({json.dumps({'operators': _PLACES})})%"
