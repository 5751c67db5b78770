"""The Compose file, as both Compose v2 and docker-compose 1.29 understand it: closed to other machines, and pinned."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PASSWORDS = {"ELASTIC_PASSWORD": "elastisch7", "REDIS_PASSWORD": "rot8"}
#: What a user may set in the environment, besides.
SETTINGS = ("ELASTIC_HEAP", "ELASTIC_PORT", "REDIS_PORT", "COMPOSE_FILE", "COMPOSE_PROFILES")
SECONDS = 60


class Configuration(NamedTuple):
    """What a Compose file comes to, whichever tool has read it."""

    services: set[str]
    images: list[str]
    published: list[str]  #: each begins with the address that it is published on, or has none
    redis: str  #: the command that starts Redis


@pytest.fixture(scope="module")
def compose() -> list[str]:
    """Return the command of Compose that is there."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and run([*command, "version"], {}).returncode == 0:
            return command
    if os.environ.get("CI") == "true":
        pytest.fail("neither `docker compose` nor `docker-compose` is there: apt-get install docker-compose")
    pytest.skip("neither `docker compose` nor `docker-compose` is there")


def run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command without the passwords and settings of whoever runs the tests."""
    ours = {name: value for name, value in os.environ.items() if name not in (*PASSWORDS, *SETTINGS)}
    return subprocess.run(command, env=ours | environment, capture_output=True, text=True, timeout=SECONDS, cwd=ROOT)


def config(
    compose: list[str], folder: Path, environment: dict[str, str], *options: str
) -> subprocess.CompletedProcess[str]:
    """Let Compose check the file and print what it comes to; a `.env` of the project has no part."""
    nothing = folder / "empty.env"
    nothing.touch()
    given = ["--env-file", str(nothing), "-f", str(ROOT / "docker-compose.yml")]
    return run([*compose, *given, "config", *options], environment)


def read(compose: list[str], folder: Path, environment: dict[str, str]) -> Configuration:
    """Return what the file comes to."""
    options = ["--format", "json"] if compose[0] == "docker" else []
    done = config(compose, folder, environment, *options)
    assert done.returncode == 0, done.stderr
    return of_json(done.stdout) if options else of_yaml(done.stdout)


def of_json(text: str) -> Configuration:
    """Read what Compose v2 prints."""
    services = json.loads(text)["services"]
    return Configuration(
        set(services),
        [service["image"] for service in services.values() if "image" in service],
        [
            f"{port.get('host_ip', '')}:{port['published']}:{port['target']}"
            for service in services.values()
            for port in service.get("ports", [])
        ],
        " ".join(services["redis"]["command"]),
    )


def of_yaml(text: str) -> Configuration:
    """Read what docker-compose 1.29 prints: names in order, two spaces a level, lists not indented."""
    parts = re.split(r"^  (\S+):\n", text.partition("services:\n")[2].partition("\nversion:")[0], flags=re.MULTILINE)
    services = dict(zip(parts[1::2], parts[2::2], strict=True))
    lists = re.findall(r"^    ports:\n((?:    (?:- |  ).*\n)+)", text, re.MULTILINE)
    (redis,) = re.findall(r"^    command:\n((?:    (?:- |  ).*\n|\n)+)", services["redis"], re.MULTILINE)
    return Configuration(
        set(services),
        re.findall(r"^    image: (\S+)$", text, re.MULTILINE),
        [port for ports in lists for port in re.findall(r"^    - (.+)$", ports, re.MULTILINE)],
        redis,
    )


def test_only_this_machine_reaches_what_is_published(compose: list[str], tmp_path: Path) -> None:
    found = read(compose, tmp_path, PASSWORDS)
    assert found.services == {"elasticsearch", "redis", "worker"}
    assert len(found.published) == 2
    assert all(port.startswith("127.0.0.1:") for port in found.published), found.published


def test_every_image_is_pinned(compose: list[str], tmp_path: Path) -> None:
    images = read(compose, tmp_path, PASSWORDS).images
    assert len(images) == 2
    assert all(re.search(r":\d+\.\d+[\w.-]*$", image) for image in images), images
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert bases
    assert all(re.search(r":\d+\.\d+[\w.-]*$", base) for base in bases), bases


def test_redis_keeps_what_it_was_given_and_tells_no_password(compose: list[str], tmp_path: Path) -> None:
    redis = read(compose, tmp_path, PASSWORDS).redis
    assert "--appendonly yes" in redis
    assert "--maxmemory-policy noeviction" in redis
    assert PASSWORDS["REDIS_PASSWORD"] not in redis


@pytest.mark.parametrize("missing", PASSWORDS)
def test_without_a_password_it_says_which_variable_to_set(compose: list[str], tmp_path: Path, missing: str) -> None:
    given = {name: value for name, value in PASSWORDS.items() if name != missing}
    for environment in (given, given | {missing: ""}):
        done = config(compose, tmp_path, environment)
        assert (done.returncode != 0, done.stdout) == (True, "")
        assert f"set {missing} in .env" in done.stderr
