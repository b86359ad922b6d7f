"""Where plain http does not leave the machine."""

from __future__ import annotations

import pytest

from wicketgate.plain_http import is_platform, is_private


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://login.example.com", True),
        ("HTTPS://login.example.com", True),
        ("http://127.0.0.1:41741/MSI/token/", True),
        ("http://localhost:42356/msi/token", True),
        ("http://[::1]/", True),
        ("http://169.254.129.2:8081/msi/token", True),
        ("http://169.254.169.254", True),
        ("http://[fe80::1]/", True),
        ("http://[fd00:ec2::254]/", True),
        ("http://metadata.google.internal", True),
        ("http://172.16.0.5:8081/msi/token", False),
        ("http://10.0.0.5", False),
        ("http://[fd00:ec2::255]/", False),
        ("http://169.254.169.254.example.com", False),
        ("http://169.254.169.254@keys.example.com", False),
        ("http://localhost.example.com", False),
        ("http://[broken", False),
        ("file:///etc/passwd", False),
        ("127.0.0.1", False),
        ("", False),
    ],
)
def test_what_goes_over_no_network(url: str, private: bool) -> None:
    assert is_private(url) == private


def test_a_policy_names_what_clouds_give_all_machines() -> None:
    assert is_platform("169.254.170.2")
    assert not is_platform("169.254.129.2")
