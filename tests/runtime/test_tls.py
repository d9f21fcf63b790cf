"""Certificates: ours by name, theirs when asked for, and the words for what is wrong with a file."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from proxy.b2bua.trunks import TlsClient
from proxy.runtime.tls import Certificate, ServerTls, client_context, failure, proved_names, server_context
from tests.runtime.certificates import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def of(path: Path, name: str = "") -> Certificate:
    return Certificate(path, path, name)


def shaken(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """Both ends after a handshake in memory. Raises what the handshake raises."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(up, down, server_side=True)
    theirs = client.wrap_bio(down, up, server_hostname=name)
    open_ends = [theirs, ours]
    for _ in range(10):
        for end in list(open_ends):
            try:
                end.do_handshake()
                open_ends.remove(end)
            except ssl.SSLWantReadError:
                continue
    assert not open_ends
    return ours, theirs


def test_the_certificate_follows_the_name_that_is_asked_for(authority: Authority) -> None:
    first, second = authority.certificate("first.example"), authority.certificate("second.example")
    server = server_context(ServerTls((of(first), of(second, "Second.Example"))))
    client = client_context(TlsClient(ca=str(authority.file)))
    for name in ("first.example", "second.example"):
        _, theirs = shaken(server, client, name)
        assert proved_names(theirs.getpeercert()) == name
        assert theirs.version() in ("TLSv1.2", "TLSv1.3")
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shaken(server, client, "third.example")


def test_a_peer_is_judged_by_its_certificate_when_that_is_required(authority: Authority, tmp_path: Path) -> None:
    path = authority.certificate("edge.example")
    server = server_context(ServerTls((of(path),), authority.file, required=True))
    known = authority.certificate("carrier.example", "sip:carrier.example", "192.0.2.1")
    ours, _ = shaken(server, client_context(TlsClient("", str(authority.file), str(known))), "edge.example")
    assert proved_names(ours.getpeercert()) == "carrier.example,sip:carrier.example"
    stranger = Authority(tmp_path, "stranger").certificate("carrier.example")
    with pytest.raises(ssl.SSLError) as wrong:
        shaken(server, client_context(TlsClient("", str(authority.file), str(stranger))), "edge.example")
    assert failure(wrong.value) == "certificate"
    with pytest.raises(ssl.SSLError) as none:
        shaken(server, client_context(TlsClient("", str(authority.file))), "edge.example")
    assert failure(none.value) == "certificate"


def test_without_being_required_a_certificate_is_still_looked_at(authority: Authority) -> None:
    path = authority.certificate("edge.example")
    server = server_context(ServerTls((of(path),), authority.file))
    ours, _ = shaken(server, client_context(TlsClient(ca=str(authority.file))), "edge.example")
    assert proved_names(ours.getpeercert()) == ""


def test_nobody_speaks_less_than_1_2(authority: Authority) -> None:
    server = server_context(ServerTls((of(authority.certificate("edge.example")),)))
    old = client_context(TlsClient(verify=False))
    assert old.minimum_version == server.minimum_version == ssl.TLSVersion.TLSv1_2
    assert old.verify_mode == ssl.CERT_NONE
    assert client_context(TlsClient()).verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "a certificate chain and its key, PEM"), ("no certificate", "a certificate chain and its key, PEM")],
)
def test_a_wrong_file_is_told(text: str, words: str, authority: Authority, tmp_path: Path) -> None:
    path = tmp_path / "wrong.pem"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        server_context(ServerTls((of(path),)))
    with pytest.raises(ValueError, match=words):
        client_context(TlsClient(certificate=str(path)))
    right = of(authority.certificate("edge.example"))
    with pytest.raises(ValueError, match="certificates of authorities"):
        server_context(ServerTls((right,), path))
    with pytest.raises(ValueError, match="no such file"):
        client_context(TlsClient(ca=str(tmp_path / "gone.pem")))


def test_names_of_a_certificate() -> None:
    assert proved_names(None) == proved_names({}) == ""
    common = {"subject": ((("organizationName", "x"),), (("commonName", "edge"),))}
    assert proved_names(common) == "edge"
    names = (("IP Address", "192.0.2.1"), ("DNS", "a.example"), ("DNS", "b,c"), ("URI", "sip:a.example"))
    assert proved_names(common | {"subjectAltName": names}) == "a.example,sip:a.example"


def test_other_failures_are_the_protocols() -> None:
    assert failure(ssl.SSLError(1, "wrong version number")) == "protocol"
