"""The clock's `per_poll`: a read of an order moves it first. Imported when the first sandbox asks for that."""

from mockserver.domain.errors import ApiError
from mockserver.http.call import Call
from mockserver.http.provider import Provider
from mockserver.sandbox.polling import pass_one_poll


async def poll(provider: Provider, call: Call) -> None:
    """Move the clock before the call is looked at, if its credential is known; whatever becomes of it then."""
    try:
        call.identify(await provider.identify(call))
    except ApiError:
        if call.entry.account is None:
            return
    await pass_one_poll(call.sandbox)
    call.entry.at = call.sandbox.state.clock.now()
