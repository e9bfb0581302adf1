"""An IMEI report as a PDF; equal reports give equal bytes. Needs the extra `[pdf]`."""

from io import BytesIO
from typing import Any

from mockserver.providers.doctorsim_v1.errors import ReportsNotInstalled
from mockserver.providers.doctorsim_v1.imei import decomposition
from mockserver.providers.doctorsim_v1.reports import BLACK, UNCONFIRMED, USABLE, Listing, Report

_LEFT, _TOP, _BOTTOM, _LINE = 56, 780, 56, 14
_WORDS = {BLACK: "blocked", USABLE: "usable", UNCONFIRMED: "not confirmed"}
_INDENT = 18


def report_pdf(report: Report) -> bytes:
    """Return the file; raises ReportsNotInstalled where reportlab is missing."""
    try:
        from reportlab.lib.pagesizes import A4
        from reportlab.pdfgen.canvas import Canvas
    except ImportError:
        raise ReportsNotInstalled from None
    file = BytesIO()
    # Invariant: neither a time of creation nor a random identifier is in the file.
    canvas = Canvas(file, pagesize=A4, invariant=1)
    canvas.setTitle(f"IMEI report {report.imei}")
    canvas.setAuthor("mockserver: an emulation, nobody was asked")
    _write(canvas, report)
    canvas.save()
    return file.getvalue()


def _write(canvas: Any, report: Report) -> None:
    page = _Page(canvas)
    page.line(f"IMEI report {report.imei}", size=18)
    page.line("Made by an emulation for tests. It says nothing about any real phone.", size=9)
    page.line("")
    for label, text in (
        ("Breakdown", decomposition(report.imei)),
        ("Brand", report.phone.brand),
        ("Model", report.phone.marketing_name),
        ("Type", report.phone.kind),
        ("Reported", "yes, it is blacklisted" if report.listed else "no"),
    ):
        page.line(f"{label}: {text}")
    if report.history:
        page.line("")
        page.line("History", size=13)
        for row in report.history:
            page.line(f"{row.date}  {row.action}  {row.operator} ({row.country})", indent=_INDENT)
    _write_listing(page, "Where it cannot be used", report.black)
    _write_listing(page, "Where it can be used", report.white)


def _write_listing(page: "_Page", title: str, countries: Listing) -> None:
    if not countries:
        return
    page.line("")
    page.line(title, size=13)
    for country, operators in countries:
        states = ", ".join(f"{text.partition('-')[2]} ({_WORDS[status]})" for text, status in operators)
        page.line(f"{country}: {states}", indent=_INDENT)


class _Page:
    """Lines from the top down, on as many pages as they need."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas
        self._height = _TOP

    def line(self, text: str, *, size: int = 10, indent: int = 0) -> None:
        if self._height < _BOTTOM:
            self._canvas.showPage()
            self._height = _TOP
        self._canvas.setFont("Helvetica", size)
        self._canvas.drawString(_LEFT + indent, self._height, text)
        self._height -= _LINE + max(0, size - 10)
