"""PEM blocks (RFC 7468) in what a user hands in."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field

from wicketgate.pki.errors import BadCertificateError

_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9][A-Z0-9 ]*)-----")
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_DER_SEQUENCE = 0x30
# PFX ::= SEQUENCE { version INTEGER (3), … }: RFC 7292 section 4.
_PKCS12_VERSION = re.compile(rb"\x30(?:[\x00-\x7f]|\x80|\x81.|\x82..|\x83...|\x84....)\x02\x01\x03", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One block; `text` runs from its BEGIN line to its END line. It may be a private key."""

    label: str
    text: str = field(repr=False)

    @property
    def is_private_key(self) -> bool:
        return self.label.endswith("PRIVATE KEY")

    def der(self, source: str) -> bytes:
        """Return what the block encodes. Raises `BadCertificateError` when that is not base64."""
        body = self.text.removeprefix(f"-----BEGIN {self.label}-----").removesuffix(f"-----END {self.label}-----")
        try:
            return base64.b64decode("".join(body.split()), validate=True)
        except binascii.Error:
            raise BadCertificateError(
                f"{source}: the {self.label} block is damaged: it is not valid base64",
                hint="copy the file again, whole",
            ) from None


def pem_blocks(data: bytes, *, source: str) -> tuple[Block, ...]:
    """Return the blocks in order; text around them, CRLF and a byte order mark are passed over (RFC 7468 section 2).

    Raises `BadCertificateError` when there is no block, saying what was given instead, or when one is cut off.
    """
    text = data.removeprefix(_UTF8_MARK).decode("latin-1")
    blocks = []
    start = _BEGIN.search(text)
    while start:
        blocks.append(_block(text, start, source))
        start = _BEGIN.search(text, start.start() + len(blocks[-1].text))
    if not blocks:
        raise _not_pem(data, source)
    return tuple(blocks)


def _block(text: str, start: re.Match[str], source: str) -> Block:
    label = start[1]
    end = f"-----END {label}-----"
    stop = text.find(end, start.end())
    if stop < 0 or _BEGIN.search(text, start.end(), stop):
        raise BadCertificateError(
            f"{source}: a {label} block has no line {end}: the file is cut off", hint="copy the file again, whole"
        )
    return Block(label, text[start.start() : stop + len(end)])


def _not_pem(data: bytes, source: str) -> BadCertificateError:
    if not data.strip():
        return BadCertificateError(f"{source}: the file is empty", hint="give a PEM file")
    if data.startswith(_UTF16_MARKS):
        return BadCertificateError(f"{source}: the file is UTF-16 text, not PEM", hint="save it as UTF-8 or ASCII text")
    if _PKCS12_VERSION.match(data):
        return BadCertificateError(
            f"{source}: this is a PKCS #12 file (.p12, .pfx), not PEM",
            hint="convert it: openssl pkcs12 -in FILE -clcerts -nokeys -out tls.crt, and -nocerts -nodes -out tls.key",
        )
    if data[0] == _DER_SEQUENCE:
        return BadCertificateError(
            f"{source}: this is DER, not PEM",
            hint="convert a certificate with `openssl x509 -inform der -in FILE -out tls.crt`,"
            " a key with `openssl pkey -inform der -in FILE -out tls.key`",
        )
    return BadCertificateError(
        f"{source}: not PEM: there is no line that starts with -----BEGIN", hint="give the PEM file, not its name"
    )
