"""The pinned environment of the service."""

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support import ROOT

PINNED = (ROOT / "requirements" / "service.txt").read_text(encoding="utf-8")


def test_all_that_the_service_needs_is_pinned_by_hash_and_fits() -> None:
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", PINNED, re.MULTILINE))
    for block in re.split(r"^(?=\w)", PINNED, flags=re.MULTILINE)[1:]:
        assert re.fullmatch(r"\S+==\S+( \\\n    --hash=sha256:[0-9a-f]{64})+\n", block), block
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for text in [*project["dependencies"], *project["optional-dependencies"]["service"]]:
        needed = Requirement(text)
        assert needed.specifier.contains(pins[canonicalize_name(needed.name)]), text


def test_no_address_is_in_it() -> None:
    assert not re.search(r"https?:|--index|--find-links|--trusted", re.sub("(?m)^#.*", "", PINNED))
