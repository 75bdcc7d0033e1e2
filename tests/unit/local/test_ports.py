import socket

import pytest

from deploy.local.ports import Moved, PortBlock, choose_ports, is_free
from deploy.local.problems import PortTakenError, StackError


def everything_free(_: int) -> bool:
    return True


def test_usual_ports_are_given_where_they_are_free() -> None:
    chosen = choose_ports(["gateway", "mongo", "ops-loyalty-serve", "ops-loyalty-work"], {}, everything_free)
    assert chosen.of == {"gateway": 8080, "mongo": 27117, "ops-loyalty-serve": 9101, "ops-loyalty-work": 9102}
    assert chosen.moved == ()


def test_a_taken_usual_port_moves_to_the_next_free_one_and_is_told() -> None:
    chosen = choose_ports(["gateway"], {}, lambda port: port not in {8080, 8081})
    assert chosen.of["gateway"] == 8082
    assert chosen.moved == (Moved("gateway", 8080, 8082),)


def test_a_moved_port_never_lands_on_another_parts_usual_port() -> None:
    chosen = choose_ports(["loyalty", "returns", "refunds"], {}, lambda port: port != 7101)
    assert chosen.of == {"loyalty": 7104, "returns": 7102, "refunds": 7103}


def test_a_taken_port_that_was_asked_for_names_port_part_and_variable() -> None:
    with pytest.raises(PortTakenError, match=r"port 9999 for mongo is in use.*AFTERCARE_PORT_MONGO"):
        choose_ports(["mongo"], {"AFTERCARE_PORT_MONGO": "9999"}, lambda port: port != 9999)


def test_one_port_asked_for_twice_is_taken_the_second_time() -> None:
    asked = {"AFTERCARE_PORT_MONGO": "9999", "AFTERCARE_PORT_RABBIT": "9999"}
    with pytest.raises(PortTakenError, match="rabbit"):
        choose_ports(["mongo", "rabbit"], asked, everything_free)


def test_a_usual_port_gives_way_to_one_that_was_asked_for() -> None:
    chosen = choose_ports(["gateway", "mongo"], {"AFTERCARE_PORT_MONGO": "8080"}, everything_free)
    assert chosen.of == {"mongo": 8080, "gateway": 8081}


@pytest.mark.parametrize("text", ["0", "65536", "-1", "eighty", "", "8080 "])
def test_what_is_no_port_is_refused_by_its_variable(text: str) -> None:
    with pytest.raises(StackError, match="AFTERCARE_PORT_OPS_LOYALTY_WORK"):
        choose_ports(["ops-loyalty-work"], {"AFTERCARE_PORT_OPS_LOYALTY_WORK": text}, everything_free)


def test_no_free_port_at_all_is_said() -> None:
    with pytest.raises(StackError, match="no free port from 8080"):
        choose_ports(["gateway"], {}, lambda _: False)


def test_a_listening_port_is_not_free_on_any_address() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:  # noqa: S104 - the very case
        assert not is_free(server.getsockname()[1])


def test_two_blocks_never_share_a_port() -> None:
    blocks = [PortBlock() for _ in range(5)]
    ports = [port for block in blocks for port in block.ports(["a", "b", "c"]).of.values()]
    assert len(set(ports)) == 15
    for block in blocks:
        block.close()
