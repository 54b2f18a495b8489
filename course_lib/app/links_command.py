"""The command ``course links``."""

from __future__ import annotations

from collections.abc import Iterator

import click

from course_lib.app import links as to
from course_lib.app import pages
from course_lib.app.console import Text, print_text, refuse
from course_lib.app.requests import option

__all__ = ["links"]


@click.command()
@click.argument("url", type=Text())
@click.option(
    "--branch", type=Text(), default="main", metavar="NAME", show_default=True
)
@option("--hub", str, "URL", "A JupyterHub that has nbgitpuller")
def links(url: str, branch: str, hub: str | None) -> int:
    """Print links that open the course at URL: on Binder, on a hub, in Colab.

    URL is your copy on GitHub, such as https://github.com/NAME/REPO. The lines are
    Markdown, for its README. Nothing is sent anywhere; whether the repository is there
    is not looked up.
    """
    try:
        repository = to.Repository.parse(url, branch)
        address = None if hub is None else to.hub_address(hub)
        names = [name for name in pages.files() if pages.is_page(name)]
    except ValueError as error:
        return refuse(str(error))
    print_text("\n".join(lines(repository, address, names)))
    return 0


def lines(
    repository: to.Repository, hub: str | None, names: list[str]
) -> Iterator[str]:
    """Yield the links as Markdown, and the first cell that Colab needs."""
    yield to.badge("Binder", to.binder(repository))
    if hub is not None:
        yield f"\n[Open on {hub}]({to.pull(repository, hub)})"
    yield "\n| notebook | |\n|---|---|"
    for name in names:
        title = name.rpartition("/")[2].removesuffix(".ipynb")
        yield f"| {title} | {to.badge('Colab', to.colab(repository, name))} |"
    yield "\nIn Colab, run this first, in a cell above the others:\n\n```python"
    yield to.colab_cell(repository)
    yield "```"
