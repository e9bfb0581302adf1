"""The how-to and the verification recipes do what they say."""

import json
import re
import shutil
import subprocess
from functools import partial
from pathlib import Path

import anyio.to_thread
import pytest

from mockserver.app import create_app
from mockserver.config import Settings
from mockserver.server import LiveServer
from tests.providers.doctorsim_v2.judged import V2
from tests.webhooks.receivers import Visit, receiving

TOP = Path(__file__).parents[3]
ADDRESS = "http://localhost:7460"


def blocks_after(mark: str, count: int) -> list[str]:
    """The fenced blocks after a mark, in whichever file has it."""
    for file in (TOP / "README.md", TOP / "docs-howto-doctorsim_v2.md"):
        text = file.read_text(encoding="utf-8").partition(f"<!-- {mark} -->")[2] if file.exists() else ""
        if text:
            return [found[1] for found in re.finditer(r"^```\w*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)][:count]
    raise AssertionError(f"nothing is marked {mark!r}")


def test_the_how_to_prints_what_it_says() -> None:
    assert shutil.which("bash"), "the how-to is written for bash"
    commands, printed = blocks_after("howto: doctorsim_v2", 2)
    with LiveServer(create_app(Settings())) as server:
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands.replace(ADDRESS, server.url)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == printed


async def sent(world: V2) -> tuple[str, Visit]:
    """A secret, and a delivery that it signs."""

    async def accept(visit: Visit) -> None:
        await visit.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with receiving(accept) as receiver:
        hook = await world.hook(receiver.url(), events=["order.created"])
        await world.ordered()
        await world.advance("0s")
    return hook["secret"], receiver.visits[0]


@pytest.mark.anyio
async def test_the_recipe_in_python_tells_genuine_from_forged(world: V2) -> None:
    secret, visit = await sent(world)
    recipe: dict[str, object] = {}
    exec(blocks_after("verify: python", 1)[0], recipe)
    is_genuine = recipe["is_genuine"]
    assert callable(is_genuine)
    names = ("X-DoctorSIM-Timestamp", "X-DoctorSIM-Signature")
    headers = {name: visit.headers[name.lower()] for name in names}
    assert is_genuine(secret, headers, visit.body) is True
    assert is_genuine(secret + "x", headers, visit.body) is False
    assert is_genuine(secret, headers, visit.body + b" ") is False
    old = {**headers, "X-DoctorSIM-Timestamp": str(int(headers["X-DoctorSIM-Timestamp"]) - 1000)}
    assert is_genuine(secret, old, visit.body) is False


@pytest.mark.anyio
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
async def test_the_recipe_in_node_tells_genuine_from_forged(world: V2, tmp_path: Path) -> None:
    secret, visit = await sent(world)
    (tmp_path / "recipe.mjs").write_text(blocks_after("verify: node", 1)[0])
    script = """
      import { isGenuine } from './recipe.mjs';
      const [secret, headers, body] = JSON.parse(process.argv[1]);
      const tries = [[secret, body], [secret + 'x', body], [secret, body + ' ']];
      console.log(tries.map(([key, text]) => isGenuine(key, headers, Buffer.from(text))).join());
    """
    run = partial(
        subprocess.run,
        ["node", "--input-type=module", "-e", script, json.dumps([secret, visit.headers, visit.body.decode()])],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    ran = await anyio.to_thread.run_sync(run)
    assert (ran.stdout, ran.stderr) == ("true,false,false\n", "")
