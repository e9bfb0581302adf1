"""The same seed and the same calls give the same bytes, whatever the neighbours do."""

import httpx
import pytest

from mockserver.http.provider import Provider
from tests.conformance.client import Client, client_of

pytestmark = pytest.mark.anyio


async def _story(client: Client, *, neighbour: Client | None = None) -> list[httpx.Response]:
    """Every endpoint twice, some refusals, and all that time brings; a neighbour does the same in between."""
    answers = []
    for _ in range(2):
        for endpoint in client.provider.endpoints:
            if neighbour is not None:
                ask = await neighbour.ask(endpoint)
                await neighbour.send(endpoint.method, ask.path, ask.body)
                await neighbour.send("GET", "/no-such-route")
            ask = await client.ask(endpoint)
            answers.append(await client.send(endpoint.method, ask.path, ask.body))
            answers.append(await client.send(endpoint.method, ask.path, ask.body, headers={}))
            answers.append(await client.send("BREW", ask.path))
        for by in ("1s", "10s", "1h"):
            if neighbour is not None:
                await neighbour.world.advance("7s")
            await client.world.advance(by)
            reading = [one for one in client.provider.endpoints if one.method == "GET"]
            answers += [await client.send("GET", (await client.ask(one)).path) for one in reading]
    return answers


def _bytes(answers: list[httpx.Response]) -> list[tuple[int, list[tuple[str, str]], bytes]]:
    return [(one.status_code, one.headers.multi_items(), one.content) for one in answers]


def _lasting(client: Client, answers: list[httpx.Response]) -> list[tuple[int, list[tuple[str, str]], bytes]]:
    """Without what varies, nor the sandbox's own prefix in addresses, which lengths depend on."""

    def headers(answer: httpx.Response) -> list[tuple[str, str]]:
        pairs = [pair for pair in answer.headers.multi_items() if pair[0] != "content-length"]
        return [(name, value.replace(f"{client.world.prefix}/", "/")) for name, value in pairs]

    return [(one.status_code, headers(one), client.lasting(one)) for one in answers]


async def test_two_servers_tell_one_story_byte_for_byte(provider: Provider) -> None:
    async with client_of(provider) as first, client_of(provider) as second:
        alone = _bytes(await _story(first))
        neighbour = Client(second.world.beside("neighbour"), provider)
        accompanied = _bytes(await _story(second, neighbour=neighbour))
        assert len(alone) > 20
        assert accompanied == alone
        assert await second.state() == await first.state()


async def test_a_reset_begins_the_same_story_again(provider: Provider) -> None:
    async with client_of(provider) as client:
        before = _bytes(await _story(client))
        await client.world.steer("POST", "/reset")
        assert _bytes(await _story(client)) == before


async def test_a_sandbox_of_another_name_tells_the_same_story(provider: Provider) -> None:
    async with client_of(provider) as client:
        await client.world.steer("POST", "/sandboxes", {"name": "other"})
        other = Client(client.world.beside("other"), provider)
        assert _lasting(other, await _story(other)) == _lasting(client, await _story(client))


async def test_another_seed_tells_another_story(provider: Provider) -> None:
    async with client_of(provider) as first, client_of(provider, seed="another") as second:
        ours = [one.content for one in await _story(first)]
        theirs = [one.content for one in await _story(second)]
        assert ours != theirs


async def test_refused_requests_do_not_change_what_follows(provider: Provider) -> None:
    async with client_of(provider) as calm, client_of(provider) as harassed:
        for endpoint in provider.endpoints:
            ask = await harassed.ask(endpoint)
            assert await calm.ask(endpoint) == ask
            for _ in range(3):
                await harassed.send(endpoint.method, ask.path, ask.body, headers={})
                if endpoint.takes is not None:
                    await harassed.send(endpoint.method, ask.path, content=b"[1")
                await harassed.send("BREW", ask.path, ask.body)
            calm_answer = await calm.send(endpoint.method, ask.path, ask.body)
            answer = await harassed.send(endpoint.method, ask.path, ask.body)
            assert harassed.lasting(answer) == calm.lasting(calm_answer)
