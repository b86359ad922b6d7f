"""Control characters in the names of a certificate: what one reader takes for the end, another reads past.

CVE-2009-2408 (NUL in a common name), CVE-2025-66220 (Envoy, NUL in an otherName).
"""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509

from wicketgate.pki.extensions import alternative_names

_DELETE = "\x7f"
# UTF8String, PrintableString, TeletexString, IA5String, VisibleString: one octet per character, so NUL means NUL.
_OCTET_STRINGS = frozenset({0x0C, 0x13, 0x14, 0x16, 0x1A})


def hidden_character(certificate: x509.Certificate) -> str | None:
    """Return the place of a control character, such as `subject`; None when there is none. Raises ValueError."""
    if any(map(_is_hidden, _texts(certificate.subject))):
        return "subject"
    if any(map(_is_hidden, _texts(certificate.issuer))):
        return "issuer"
    if any(map(_hides, alternative_names(certificate))):
        return "subject alternative name"
    return None


def _texts(name: x509.Name) -> Iterator[str | bytes]:
    return (attribute.value for attribute in name)


def _is_hidden(text: str | bytes) -> bool:
    # Bytes are BIT STRINGs, which are not text.
    return isinstance(text, str) and any(character < " " or character == _DELETE for character in text)


def _hides(name: x509.GeneralName) -> bool:
    match name:
        case x509.DNSName() | x509.UniformResourceIdentifier() | x509.RFC822Name():
            return _is_hidden(name.value)
        case x509.DirectoryName():
            return any(map(_is_hidden, _texts(name.value)))
        case x509.OtherName():
            return name.value[:1] != b"" and name.value[0] in _OCTET_STRINGS and b"\0" in name.value[2:]
        case _:
            return False
