"""The recipes of docs/doctorsim-v2.md (`verify: python`, `verify: node`, `verify: php`) do what they say."""

import json
import shutil
import subprocess
from functools import partial
from pathlib import Path

import anyio.to_thread
import pytest

from mockserver.http.openapi import document
from mockserver.providers.doctorsim_v2 import PROVIDER
from tests.conformance.judge import schema_store
from tests.docs.pages import ADDRESS, marked
from tests.providers.doctorsim_v2.judged import V2
from tests.webhooks.receivers import Visit, receiving


def recipe_in(language: str) -> str:
    """The text of the recipe in this language."""
    return marked("verify", language)[0].text


def test_the_openapi_document_tells_scopes_limits_and_the_header_that_makes_orders_safe_to_repeat() -> None:
    paths = document(PROVIDER, schema_store(), origin=ADDRESS)["paths"]
    place = paths["/orders"]["post"]
    [key] = place["parameters"]
    assert (key["name"], key["in"], key["required"], key["schema"]["maxLength"]) == (
        "Idempotency-Key",
        "header",
        False,
        128,
    )
    assert place["x-scope"] == "orders:write"
    assert paths["/balance"]["get"]["description"] == "Needs the scope `balance:read`."
    assert "orders:write" not in json.dumps(paths["/balance"])
    for status in ("200", "401", "429"):
        assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= paths["/balance"]["get"][
            "responses"
        ][status]["headers"].keys()
    assert "Retry-After" in paths["/balance"]["get"]["responses"]["429"]["headers"]
    assert "headers" not in paths["/oauth/register"]["post"]["responses"]["201"]


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
    exec(recipe_in("python"), recipe)
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
    (tmp_path / "recipe.mjs").write_text(recipe_in("node"))
    script = """
      import { isGenuine } from './recipe.mjs';
      const [secret, headers, body] = JSON.parse(process.argv[1]);
      const tries = [[secret, body], [secret + 'x', body], [secret, body + ' ']];
      console.log(tries.map(([key, text]) => isGenuine(key, headers, Buffer.from(text))).join());
    """
    told = json.dumps([secret, visit.headers, visit.body.decode()])
    assert await said_by("node", "--input-type=module", "-e", script, told, cwd=tmp_path) == "true,false,false\n"


@pytest.mark.anyio
@pytest.mark.skipif(shutil.which("php") is None, reason="php is not installed")
async def test_the_recipe_in_php_tells_genuine_from_forged(world: V2, tmp_path: Path) -> None:
    secret, visit = await sent(world)
    script = """
      [, $told] = $argv;
      [$secret, $headers, $body] = json_decode($told, true);
      foreach ($headers as $name => $value) {
          $_SERVER['HTTP_' . strtoupper(strtr($name, '-', '_'))] = $value;
      }
      $found = [is_genuine($secret, $body), is_genuine($secret . 'x', $body), is_genuine($secret, $body . ' ')];
      $_SERVER['HTTP_X_DOCTORSIM_TIMESTAMP'] -= 1000;
      $found[] = is_genuine($secret, $body);
      $_SERVER['HTTP_X_DOCTORSIM_TIMESTAMP'] = $_SERVER['HTTP_X_DOCTORSIM_SIGNATURE'] = null;
      $found[] = is_genuine($secret, $body);
      echo json_encode($found);
    """
    (tmp_path / "recipe.php").write_text("<?php\n" + recipe_in("php") + script)
    told = json.dumps([secret, visit.headers, visit.body.decode()])
    assert await said_by("php", "recipe.php", told, cwd=tmp_path) == "[true,false,false,false,false]"


async def said_by(*command: str, cwd: Path) -> str:
    """What a program writes that complains of nothing."""
    run = partial(subprocess.run, command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    ran = await anyio.to_thread.run_sync(run)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout
