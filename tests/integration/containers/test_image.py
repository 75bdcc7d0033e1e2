"""The one image: what is in it, what is not, and whom it runs as."""

import json

import pytest

from tests.integration.containers.engine import IMAGE, docker, in_image

MEGABYTE = 1_000_000
MOST_MEGABYTES = 450  # 289 on a base of 81

pytestmark = pytest.mark.usefixtures("image")


def test_it_does_not_run_as_root() -> None:
    uid, gid = in_image("id", "-u").strip(), in_image("id", "-g").strip()
    assert uid == "10001"
    assert gid != "0"


def test_it_cannot_change_its_own_code() -> None:
    assert in_image("find", "/app", "/opt/aftercare", "-writable", "-not", "-type", "l") == ""


def test_the_verb_is_an_argument_and_a_wrong_one_prints_the_usage() -> None:
    said = docker("run", "--rm", IMAGE, "services.gateway", "dance", check=False)
    assert said.returncode == 64
    assert "serve | work | relay | migrate" in said.stderr


def test_it_holds_the_product_and_nothing_of_the_workshop() -> None:
    files = in_image("find", "/app", "-mindepth", "1", "-maxdepth", "2").split()
    assert {"/app/services", "/app/deploy", "/app/proto", "/app/deploy/standins"} <= set(files)
    assert {path.split("/")[2] for path in files} == {"services", "deploy", "proto"}
    assert {path for path in files if path.startswith("/app/deploy/")} == {
        "/app/deploy/__init__.py",
        "/app/deploy/standins",
    }
    everything = in_image("find", "/app", "-name", "test*", "-o", "-name", ".*", "-o", "-name", "*.pem")
    assert everything == ""


def test_it_holds_no_settings_of_a_running_product() -> None:
    (told,) = json.loads(docker("inspect", IMAGE).stdout)
    names = {entry.partition("=")[0] for entry in told["Config"]["Env"]}
    assert names == {"PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    assert told["Config"]["Labels"] is None or not any("secret" in each for each in told["Config"]["Labels"])


def test_it_is_small() -> None:
    (told,) = json.loads(docker("inspect", IMAGE).stdout)
    assert told["Size"] / MEGABYTE < MOST_MEGABYTES
