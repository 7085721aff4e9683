"""What a person may write for a node."""

from __future__ import annotations

import pytest

from dicom_io.errors import BadNode
from dicom_io.pacs.connect import source_for
from dicom_io.pacs.node import Node, parse_node

CONFIGURED = (Node("hospital", "PACS", "10.0.0.7", 104), Node("archive", "A2", "::1", 11112))


def test_a_configured_name_gives_its_node() -> None:
    assert parse_node("hospital", CONFIGURED) is CONFIGURED[0]


def test_an_address_gives_a_node_of_that_name() -> None:
    node = parse_node("  PACS 1@server.example:11112 ")

    assert (node.aet, node.host, node.port) == ("PACS 1", "server.example", 11112)
    assert node.name == "PACS 1@server.example:11112"
    assert node.calling_aet == "WETREAD"


def test_an_ipv6_host_is_read_and_written_in_brackets() -> None:
    node = parse_node("PACS@[fe80::1]:104")

    assert node.host == "fe80::1"
    assert parse_node(node.address).host == "fe80::1"


def test_a_node_is_told_by_name_and_address() -> None:
    assert str(CONFIGURED[0]) == "hospital (PACS@10.0.0.7:104)"
    assert str(parse_node("PACS@h:104")) == "PACS@h:104"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nowhere",
        "PACS",
        "PACS@host",
        "@host:104",
        "PACS@:104",
        "PACS@host:0",
        "PACS@host:65536",
        "PACS@host:104x",
        "PACS@ho st:104",
        "AVERYLONGAETITLE17@host:104",
        "P\\ACS@host:104",
        "PÄCS@host:104",
        "PACS@::1:104",
    ],
)
def test_what_is_no_node_gives_one_sentence(text: str) -> None:
    with pytest.raises(BadNode) as raised:
        parse_node(text, CONFIGURED)

    assert str(raised.value).endswith(".")


def test_an_unknown_name_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(BadNode, match="hospital, archive"):
        parse_node("hospitel", CONFIGURED)


def test_a_source_is_made_without_connecting() -> None:
    assert source_for(CONFIGURED[0]).name == "hospital"


def test_a_source_is_not_made_for_an_impossible_node() -> None:
    with pytest.raises(BadNode, match="AE title"):
        source_for(Node("x", "", "host", 104))
