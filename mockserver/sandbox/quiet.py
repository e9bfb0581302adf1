"""A sandbox as invented customers see it."""

from datetime import datetime

from mockserver.sandbox.override import Overridden
from mockserver.sandbox.sandbox import Sandbox


class Quiet(Overridden):
    """Orders placed through it send no webhooks up to the moment `until`; everything else is the sandbox itself."""

    def __init__(self, sandbox: Sandbox, until: datetime) -> None:
        self.__dict__.update({"_real": sandbox, "quiet_until": until})
