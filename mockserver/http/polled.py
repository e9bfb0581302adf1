"""The clock's `per_poll`: a read of an order moves it first. Imported when the first sandbox asks for that."""

from typing import TYPE_CHECKING

from mockserver.domain.mistakes import Mistake
from mockserver.sandbox.polling import pass_one_poll

if TYPE_CHECKING:
    from mockserver.http.call import Call


async def poll(call: "Call") -> None:
    """Move the clock before the call is looked at, if its credential is known; whatever becomes of it then."""
    try:
        call.identify(await call.provider.identify(call))
    except Mistake:
        if call.entry.account is None:
            return
    await pass_one_poll(call.sandbox)
    call.entry.at = call.sandbox.state.clock.now()
