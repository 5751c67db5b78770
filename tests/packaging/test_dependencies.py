"""What is installed is what constraints.txt pins, all of it, and it pins nothing else."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
OURS = PROJECT["project"]
#: What gensim needs is needed by no Python that has no wheel of it.
OLDER = {"gensim", "smart-open", "wrapt"} if sys.version_info >= (3, 14) else set()
LINES = (ROOT / "constraints.txt").read_text("utf-8").splitlines()


def pinned() -> dict[str, str]:
    """Return the versions of constraints.txt by the names of their packages."""
    pins = [line.partition("==") for line in LINES if not line.startswith("#")]
    return {canonicalize_name(name): version for name, _, version in pins}


def requirements(name: str, extras: set[str]) -> list[Requirement]:
    """Return what a package with some extras needs here, as its metadata say, or pyproject.toml."""
    if name == "simsearch":
        optional = [text for extra in extras for text in OURS["optional-dependencies"][extra]]
        found = [*OURS["dependencies"], *optional, *PROJECT["build-system"]["requires"]]
    else:
        found = distribution(name).requires or []
    needed = map(Requirement, found)
    return [each for each in needed if any(is_meant(each, extra) for extra in {"", *extras})]


def is_meant(requirement: Requirement, extra: str) -> bool:
    """Tell whether a requirement holds on this system, with an extra."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def needed() -> dict[str, str]:
    """Return the installed versions of all that simsearch[dev] needs, and of what that needs, and so on."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [("simsearch", {"dev"})]
    while waiting:
        name, extras = waiting.pop()
        for requirement in requirements(name, extras):
            other = canonicalize_name(requirement.name)
            if (other, str(requirement)) not in seen:
                seen.add((other, str(requirement)))
                waiting.append((other, requirement.extras))
                if other != "simsearch":
                    found[other] = distribution(other).version
    return found


def test_every_package_is_pinned_to_the_version_that_is_installed() -> None:
    pins = pinned()
    assert {name: pins.get(name) for name in needed()} == needed()


def test_every_pin_is_of_a_package_that_is_needed() -> None:
    assert set(pinned()) - set(needed()) <= OLDER


def test_every_pin_is_one_exact_version() -> None:
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.+]*", line) for line in LINES if line[0] != "#")
    names = [line.partition("==")[0].lower() for line in LINES if line[0] != "#"]
    assert len(set(names)) == len(names)


def test_what_is_asked_for_has_a_lower_bound() -> None:
    asked = [*OURS["dependencies"], *(text for extra in OURS["optional-dependencies"].values() for text in extra)]
    wide = [text for text in asked if ">=" not in text and not text.startswith("simsearch[")]
    assert wide == []
