"""Lines of the log about connections: each once a minute, and of many different ones not too many."""

import pytest

from mockserver.listener.notices import Notices
from tests.support import HandSeconds


def test_a_line_comes_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    ticks = HandSeconds()
    notices = Notices(ticks)
    for seconds in (0, 30, 31, 59):
        ticks.pass_by(seconds)
        notices.warn("the same")
    assert caplog.messages == ["the same", "the same"]


def test_many_different_lines_are_bounded_until_they_are_old(caplog: pytest.LogCaptureFixture) -> None:
    ticks = HandSeconds()
    notices = Notices(ticks)
    for number in range(150):
        notices.warn(f"line {number}")
    assert len(caplog.messages) == 100
    ticks.pass_by(60)
    notices.warn("line 149")
    notices.warn("line 0")
    assert caplog.messages[100:] == ["line 149", "line 0"]
