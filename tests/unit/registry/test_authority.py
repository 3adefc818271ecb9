"""The authority is fed files, so these tests write some to a folder of their own."""

import datetime as dt
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from deploy.native.pki import Authority
from services.registry.adapters.authority import AuthorityError, FileAuthority
from services.registry.adapters.broker import hang_up, replace_file
from services.registry.adapters.keys import KeyFile

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def test_what_it_issues_is_a_client_certificate_of_bounded_validity() -> None:
    with TemporaryDirectory() as folder:
        files = Authority(Path(folder))
        files.create()
        authority = FileAuthority(files.certificate_file, files.key_file)
        issued = authority.issue(["dev-1", "dev-2"], NOW)
        listed = x509.load_pem_x509_crl(authority.revocation_list([(issued[0].serial, NOW)], NOW))
        ca = x509.load_pem_x509_certificate(authority.certificate.encode())
    assert issued[0].key != issued[1].key
    leaf = x509.load_pem_x509_certificate(issued[0].certificate.encode())
    leaf.verify_directly_issued_by(ca)
    assert leaf.subject.rfc4514_string() == "CN=dev-1"
    assert isinstance(leaf.public_key(), ec.EllipticCurvePublicKey)
    assert leaf.not_valid_after_utc - NOW <= dt.timedelta(days=730)
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert listed.is_signature_valid(ca.public_key())  # type: ignore[arg-type]
    assert [entry.serial_number for entry in listed] == [leaf.serial_number]
    assert listed.next_update_utc == NOW + dt.timedelta(days=30)


def test_files_that_do_not_belong_together_are_refused() -> None:
    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        one, other = Authority(Path(first)), Authority(Path(second))
        one.create()
        other.create()
        with pytest.raises(AuthorityError, match="does not belong"):
            FileAuthority(one.certificate_file, other.key_file)
        with pytest.raises(AuthorityError, match="cannot be read"):
            FileAuthority(one.certificate_file, Path(first) / "nothing")


def test_only_the_brokers_own_process_is_signalled() -> None:
    """A SIGHUP would end this test's process: pids of other programs, or of another time, are left alone."""
    ticks = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    name = Path("/proc/self/comm").read_text().strip()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "pid"
        assert not hang_up(file)
        for text in ("", "nonsense", "999999999", str(os.getpid()), f"{os.getpid()} {ticks}"):
            file.write_text(text)
            assert not hang_up(file)
        file.write_text(f"{os.getpid()} {int(ticks) + 1}")
        assert not hang_up(file, name)


def test_a_file_is_replaced_whole_or_not_at_all() -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "crl.pem"
        replace_file(path, b"one")
        replace_file(path, b"two")
        assert path.read_bytes() == b"two"
        assert path.stat().st_mode & 0o777 == 0o644
        assert [file.name for file in Path(folder).iterdir()] == ["crl.pem"]
        with pytest.raises(OSError, match="No such file"):
            replace_file(Path(folder) / "gone" / "crl.pem", b"x")


def test_command_keys_may_come_later_and_never_show_a_private_part() -> None:
    assert KeyFile(None).jwks() == {"keys": []}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "keys.json"
        keys = KeyFile(path)
        assert keys.jwks() == {"keys": []}
        path.write_text('{"keys": [{"kty": "OKP", "kid": "1", "x": "AA", "d": "secret"}]}')
        assert keys.jwks() == {"keys": [{"kty": "OKP", "kid": "1", "x": "AA"}]}
