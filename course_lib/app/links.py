"""Links that open a copy of the course elsewhere: Binder, a JupyterHub, Colab.

The forms are those of each service's documentation, as read in November 2026: Binder's
links of version 2, the link generator of nbgitpuller, and Colab's links to GitHub.
Nothing is asked of any of them here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from course_lib.app.pages import FIRST_PAGE
from course_lib.bounds import shown

__all__ = [
    "Repository",
    "badge",
    "binder",
    "colab",
    "colab_cell",
    "hub_address",
    "pull",
]

HOST = "github.com"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
WEB = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~%!$&+,;=:/-]*)?")
BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}")
BADGES = {
    "Binder": "https://mybinder.org/badge_logo.svg",
    "Colab": "https://colab.research.google.com/assets/colab-badge.svg",
}
# What Colab may lack. Its own JAX, NumPy and ipywidgets stay: they fit its devices and
# its kernel, and others would need a restart.
MAY_BE_MISSING = ["anywidget", "platformdirs", "psutil", "safetensors", "tqdm"]


@dataclass(frozen=True)
class Repository:
    """A copy of the course on GitHub, and a branch of it."""

    owner: str
    name: str
    branch: str = "main"

    @classmethod
    def parse(cls, address: str, branch: str = "main") -> Repository:
        """Return what an address such as https://github.com/NAME/REPO says.

        Raises ValueError, in one line.
        """
        told = split(address)
        if told.netloc.lower() not in (HOST, f"www.{HOST}"):
            raise ValueError(f"not at {HOST}, as Colab needs it: {shown(address)}")
        names = told.path.strip("/").removesuffix(".git").split("/")
        if len(names) != 2 or not all(map(NAME.fullmatch, names)):
            raise ValueError(
                f"no repository, such as https://{HOST}/NAME/REPO: {shown(address)}"
            )
        if not BRANCH.fullmatch(branch) or ".." in branch or branch.endswith("/"):
            raise ValueError(f"no name of a branch: {shown(branch)}")
        return cls(names[0], names[1], branch)

    @property
    def address(self) -> str:
        """The address of the repository."""
        return f"https://{HOST}/{self.owner}/{self.name}"


def split(address: str) -> SplitResult:
    """Return the parts of a web address; ValueError, in one line, if it is none."""
    if WEB.fullmatch(address):
        parts = urlsplit(address)
        if int(parts.netloc.partition(":")[2] or 0) < 2**16:
            return parts
    raise ValueError(f"no address such as https://HOST/PATH: {shown(address)}")


def hub_address(address: str) -> str:
    """Return the address of a JupyterHub without a slash at its end, or ValueError."""
    split(address)
    return address.rstrip("/").removesuffix("/hub")


def binder(repository: Repository, page: str = FIRST_PAGE) -> str:
    """Return the link that opens a page in JupyterLab on Binder."""
    r = repository
    branch = quote(r.branch, safe="")
    return (
        f"https://mybinder.org/v2/gh/{r.owner}/{r.name}/{branch}"
        f"?{urlencode({'urlpath': f'lab/tree/{page}'})}"
    )


def pull(repository: Repository, hub: str, page: str = FIRST_PAGE) -> str:
    """Return the link that brings the course into a person's folder on a JupyterHub.

    The hub needs nbgitpuller; a second use of the link brings what has changed.
    """
    asked = {
        "repo": repository.address,
        "branch": repository.branch,
        "urlpath": f"lab/tree/{repository.name}/{page}",
    }
    return f"{hub}/hub/user-redirect/git-pull?{urlencode(asked)}"


def colab(repository: Repository, page: str) -> str:
    """Return the link that opens a page in Colab."""
    r = repository
    return (
        f"https://colab.research.google.com/github/{r.owner}/{r.name}/blob/"
        f"{quote(r.branch, safe='/')}/{page}"
    )


def badge(service: str, link: str) -> str:
    """Return a link as Markdown, with the picture of its service.

    The picture is the service's own and is loaded from there.
    """
    return f"[![Open in {service}]({BADGES[service]})]({link})"


def colab_cell(repository: Repository) -> str:
    """Return a first cell for Colab: the package, without replacing JAX or NumPy."""
    source = f"git+{repository.address}@{repository.branch}"
    return f"""\
from importlib.util import find_spec

needed = {MAY_BE_MISSING}
missing = [name for name in needed if find_spec(name) is None]
%pip install --quiet --no-deps {source}
if missing:
    %pip install --quiet {{" ".join(missing)}}
from google.colab import output
output.enable_custom_widget_manager()"""
