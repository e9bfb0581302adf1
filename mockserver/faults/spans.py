"""The delays that a fault may have: a fault knows of no order, so that no fact can say how long."""

from mockserver.engine.delays import Delay, Fixed, Uniform, asks_the_order, delay_from_data


def delay_of(name: str, data: object) -> Delay:
    """Return the delay that stands under this name; raises ValueError with a sentence."""
    delay = delay_from_data(data)
    if asks_the_order(delay):
        raise ValueError(f"{name} cannot be a fact: a fault knows of no order's facts")
    match delay:
        case Uniform(low=Fixed(span=low), high=Fixed(span=high)) if high < low:
            raise ValueError("uniform goes from the shorter to the longer: swap the two")
    return delay
