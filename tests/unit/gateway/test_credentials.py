import hashlib
import hmac
from collections.abc import Callable

import pytest

from services.chassis.kernel.errors import AftercareError
from services.gateway.domain.credentials import (
    ACTORS,
    SCOPES,
    Audience,
    Credential,
    Scope,
    check_spelling,
    hashed,
    new_key,
)


@pytest.mark.parametrize("kind", ["pk", "sk", "rk"])
@pytest.mark.parametrize("mode", ["test", "live"])
def test_a_new_key_is_spelled_right(kind: str, mode: str) -> None:
    key = new_key(kind, mode)

    check_spelling(key)
    assert key.startswith(f"{kind}_{mode}_")
    assert len(key) == len("sk_test_") + 43 + 6


def test_no_two_keys_are_alike_and_each_has_256_random_bits() -> None:
    assert len({new_key() for _ in range(200)}) == 200
    assert 62**43 > 2**256


def test_one_wrong_character_anywhere_is_noticed() -> None:
    key = new_key()
    for place in range(len(key)):
        other = "0" if key[place] != "0" else "1"
        with pytest.raises(AftercareError, match="BAD_API_KEY"):
            check_spelling(key[:place] + other + key[place + 1 :])


@pytest.mark.parametrize(
    "change",
    [
        lambda key: key + "\n",
        lambda key: " " + key,
        lambda key: key[:-1],
        lambda key: key.upper(),
        lambda key: key.replace("sk_", "ak_"),
        lambda key: "",
        lambda key: "é" * len(key),
        lambda key: key * 2,
    ],
)
def test_what_is_no_key_is_refused(change: Callable[[str], str]) -> None:
    with pytest.raises(AftercareError) as caught:
        check_spelling(change(new_key()))
    assert (caught.value.kind, caught.value.reason) == ("UNAUTHENTICATED", "BAD_API_KEY")


def test_the_kind_and_the_mode_are_part_of_the_checksum() -> None:
    with pytest.raises(AftercareError):
        check_spelling(new_key("sk", "test").replace("_test_", "_live_"))


def test_a_hash_is_hmac_sha_256_under_the_pepper() -> None:
    key = new_key()

    assert hashed(key, "pepper") == hmac.new(b"pepper", key.encode(), hashlib.sha256).hexdigest()
    assert hashed(key, "pepper") != hashed(key, "another")
    assert key not in hashed(key, "pepper")


def test_every_audience_has_scopes_and_an_actor() -> None:
    assert set(SCOPES) == set(ACTORS) == set(Audience)
    assert set().union(*SCOPES.values()) == set(Scope)


@pytest.mark.parametrize(
    ("scope", "audiences"),
    [
        (Scope.POINTS_WRITE, {Audience.SHOP}),
        (Scope.POINTS_ADJUST, {Audience.AGENT}),
        (Scope.PROGRAMS_WRITE, {Audience.SHOP}),
        (Scope.ORDERS_WRITE, {Audience.SHOP}),
        (Scope.RETURNS_WRITE, {Audience.SHOP, Audience.AGENT}),
        (Scope.WAREHOUSE_WRITE, {Audience.WAREHOUSE}),
        (Scope.REFUNDS_CREATE, {Audience.AGENT}),
        (Scope.RECON_READ, {Audience.FINANCE}),
        (Scope.RECON_RUN, {Audience.FINANCE}),
        (Scope.EVENTS_READ, {Audience.SHOP, Audience.AGENT, Audience.FINANCE}),
        (Scope.RETURNS_READ, set(Audience)),
        (Scope.POINTS_READ, {Audience.SHOP, Audience.AGENT, Audience.FINANCE}),
        (Scope.ORDERS_READ, {Audience.SHOP, Audience.AGENT, Audience.FINANCE}),
        (Scope.REFUNDS_READ, {Audience.SHOP, Audience.AGENT, Audience.FINANCE}),
    ],
)
def test_a_scope_is_for_these_and_nobody_else(scope: Scope, audiences: set[Audience]) -> None:
    assert {audience for audience in Audience if scope in Credential("k", "t", audience).scopes} == audiences
