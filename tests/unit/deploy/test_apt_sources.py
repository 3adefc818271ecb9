from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.native import aptsources

SOURCES = """\
# The archive.
Types: deb deb-src
URIs: http://archive.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://archive.example/other
Suites: nodistro
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""

INLINE_KEY = """\
Types: deb
URIs: http://first.example/debian/
  http://second.example/debian
Suites: trixie
Components:
 main
 contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEY8
 -----END PGP PUBLIC KEY BLOCK-----
"""


def test_reads_stanzas_and_leaves_out_what_is_disabled():
    assert aptsources.deb822(SOURCES) == [
        ("http://archive.example/debian", "bookworm"),
        ("http://archive.example/debian", "bookworm-updates"),
        ("http://archive.example/other", "nodistro"),
    ]


def test_reads_fields_that_run_over_several_lines():
    assert aptsources.deb822(INLINE_KEY) == [
        ("http://first.example/debian/", "trixie"),
        ("http://second.example/debian", "trixie"),
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("deb http://a.example/debian bookworm main", [("http://a.example/debian", "bookworm")]),
        (
            "deb [arch=amd64 signed-by=/k.gpg] https://a.example/debian trixie main contrib",
            [("https://a.example/debian", "trixie")],
        ),
        (
            "deb mirror+file:/etc/apt/mirrors/debian.list bookworm main",
            [("mirror+file:/etc/apt/mirrors/debian.list", "bookworm")],
        ),
        ("deb-src http://a.example/debian bookworm main", []),
        ("# deb http://a.example/debian bookworm main", []),
        ("deb http://a.example/debian bookworm contrib # main", []),
        ("deb http://a.example/flat ./", []),
        ("deb", []),
        ("", []),
    ],
)
def test_reads_one_line_sources(line, expected):
    assert aptsources.one_line(line) == expected


@given(st.text(max_size=400))
def test_no_text_breaks_the_readers(text):
    aptsources.deb822(text)
    aptsources.one_line(text)


def test_reads_proxies_from_what_apt_dumps():
    dump = 'Acquire "";\nAcquire::http::Proxy "http://proxy.example:3128";\nAPT::Architecture "amd64";\n'
    values = aptsources.parse_dump(dump)
    assert values["acquire::http::proxy"] == "http://proxy.example:3128"
    assert "acquire" not in values


def test_a_plain_address_stands_for_itself():
    assert aptsources.expanded("http://a.example/debian", Path("/nowhere")) == ["http://a.example/debian"]
    assert aptsources.expanded("mirror+file:/etc/apt/mirrors/none.list", Path("/nowhere")) == []
