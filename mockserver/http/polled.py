"""The clock's `per_poll`: each read of an order moves the clock first. Imported when a sandbox first uses it."""

from mockserver.domain.errors import ApiError
from mockserver.http.call import Call
from mockserver.http.provider import Provider, identified
from mockserver.sandbox.polling import pass_one_poll


async def poll(provider: Provider, call: Call) -> None:
    """Move the clock before the call is handled, where its credential is known, even if the call is refused later."""
    try:
        call.identify(identified(provider, await provider.identify(call)))
    except ApiError:
        if call.entry.account is None:
            return
    await pass_one_poll(call.sandbox)
    call.entry.at = call.sandbox.state.clock.now()
