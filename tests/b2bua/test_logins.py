"""Records of logins never show their secrets."""

from __future__ import annotations

from proxy.b2bua.logins import DIGEST, Auth, AuthPolicy, CarrierLogin, DigestUser


def test_no_text_of_a_record_shows_a_secret() -> None:
    user = DigestUser(b"vms-1", ((b"MD5", b"hunter2"),))
    shown = f"{Auth(DIGEST, b'r', (user,))!r} {AuthPolicy(key=b'hunter2')!r} {CarrierLogin(b'edge', b'hunter2')!r}"
    assert "vms-1" in shown
    assert "edge" in shown
    assert "hunter2" not in shown
