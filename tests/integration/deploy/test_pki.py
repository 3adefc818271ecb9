"""The authority's files: made once, private where they must be, and a revocation list that is renewed."""

import datetime as dt
import os

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from deploy.native import pki


@pytest.fixture
def authority(tmp_path):
    made = pki.Authority(tmp_path / "pki")
    made.create()
    return made


def test_the_authority_is_made_once_and_its_key_is_private(authority):
    before = authority.certificate_file.read_bytes(), authority.key_file.read_bytes()
    authority.create()
    assert (authority.certificate_file.read_bytes(), authority.key_file.read_bytes()) == before
    assert authority.key_file.stat().st_mode & 0o777 == 0o600


def test_a_key_without_its_certificate_is_replaced_by_a_pair(tmp_path):
    (tmp_path / "ca.key").write_bytes(b"left over")
    authority = pki.Authority(tmp_path)
    authority.create()
    authority.issue_client("dev-1")


@pytest.mark.parametrize("name", ["", "+", "#", "a/b", "platform.ingestion", "a" * 65, "a b", "é", "a\n"])
def test_no_bad_client_id_is_signed(authority, name):
    with pytest.raises(ValueError, match="not a client id"):
        authority.issue_client(name)


def test_only_known_platform_clients_are_signed(authority):
    with pytest.raises(ValueError, match="not a platform client"):
        authority.issue_platform("portal")


def test_certificates_chain_to_the_authority(authority):
    ca = x509.load_pem_x509_certificate(authority.certificate_file.read_bytes())
    for certificate, _ in (authority.issue_client("dev-1"), authority.issue_server()):
        x509.load_pem_x509_certificate(certificate).verify_directly_issued_by(ca)


def signed(authority, revoked_serial, days_left):
    """Return a list with one entry that expires in so many days."""
    ca, key = authority._load()
    now = dt.datetime.now(dt.UTC)
    entry = x509.RevokedCertificateBuilder(revoked_serial, now - dt.timedelta(days=9)).build()
    builder = x509.CertificateRevocationListBuilder(
        ca.subject,
        now - dt.timedelta(days=9),
        now + dt.timedelta(days=days_left),
        revoked_certificates=[entry],
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(("days_left", "renewed"), [(-1, True), (3, True), (20, False)])
def test_a_list_near_its_end_is_renewed_with_its_entries(authority, tmp_path, days_left, renewed):
    file = tmp_path / "crl.pem"
    before = signed(authority, 4711, days_left)
    file.write_bytes(before)
    authority.refresh_crl(file)
    after = x509.load_pem_x509_crl(file.read_bytes())
    assert (file.read_bytes() != before) == renewed
    assert after.get_revoked_certificate_by_serial_number(4711) is not None
    assert after.is_signature_valid(authority._load()[1].public_key())


def test_what_an_earlier_authority_signed_is_replaced(authority, tmp_path):
    """As when somebody removed the authority's folder and left the broker's."""
    earlier = pki.Authority(tmp_path / "earlier")
    earlier.create()
    folder = tmp_path / "tls"
    pki.write_server(earlier, folder, os.getuid())
    pki.write_client(earlier, "dev-1", folder)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    pki.write_server(authority, folder, os.getuid())
    pki.write_client(authority, "dev-1", folder)
    assert all(file.read_bytes() != before[file.name] for file in folder.iterdir())
    assert authority.vouches_for(folder / "server.crt")
    again = {file.name: file.read_bytes() for file in folder.iterdir()}
    pki.write_server(authority, folder, os.getuid())
    pki.write_client(authority, "dev-1", folder)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == again
