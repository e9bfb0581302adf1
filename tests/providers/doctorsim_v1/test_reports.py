"""IMEI reports as PDF files."""

import sys
from dataclasses import replace
from typing import Any

import pytest

from mockserver.providers.doctorsim_v1 import PROVIDER
from mockserver.providers.doctorsim_v1.pdf import report_pdf
from mockserver.providers.doctorsim_v1.reports import BLACKLISTED, report_of
from tests.conformance.judge import judge_annex
from tests.providers.doctorsim_v1.client import IMEI, V1, error_of, serving, valid_imeis

pytestmark = pytest.mark.anyio

REPORTS = "/www.doctorsim.com/imei_report"


async def url_of(v1: V1, imei: str) -> str:
    """Where the report of an IMEI is."""
    url: str = (await v1.res("POST", f"/imeicheck/{imei}"))["result"]["url_report"]
    return url


@pytest.mark.parametrize("imei", ["353047098598802", "359405085972766", IMEI])
async def test_the_address_of_a_report_gives_a_pdf_without_credentials(v1: V1, imei: str) -> None:
    answer = await v1.world.client.get(await url_of(v1, imei))
    assert answer.status_code == 200
    judge_annex(PROVIDER, "GET", "/imei_report/{name}", answer)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'inline; filename="imei-report-{imei}.pdf"'
    assert answer.content.startswith(b"%PDF-1.")
    assert answer.content.rstrip().endswith(b"%%EOF")
    assert "x-mock-request-id" in answer.headers


async def test_equal_reports_have_equal_bytes() -> None:
    files = []
    for seed in ("one", "two"):
        async with serving(seed=seed) as v1:
            await v1.world.advance("1h" if seed == "one" else "3d")
            urls = [await url_of(world, IMEI) for world in (v1, v1.beside("other"))]
            files += [(await v1.world.client.get(url)).content for url in urls]
    assert len(set(files)) == 1
    async with serving() as v1:
        assert (await v1.world.client.get(await url_of(v1, "353047098598802"))).content != files[0]


async def test_a_report_says_what_the_check_says(v1: V1, monkeypatch: pytest.MonkeyPatch) -> None:
    from reportlab.pdfgen.canvas import Canvas

    written: list[str] = []
    monkeypatch.setattr(Canvas, "drawString", lambda self, x, y, text: written.append(text))
    await v1.world.client.get(await url_of(v1, "353047098598802"))
    text = "\n".join(written)
    for part in ("353047098598802", "TAC:3530470 SN:98598802", "Apple iPhone X (A1901)", "blacklisted"):
        assert part in text
    for part in ("2018-10-17 17:59:19", "TELCEL MEXICO", "Iusacell (blocked)", "O2 (usable)", "E-Plus (not confirmed)"):
        assert part in text


async def test_a_report_is_journaled(v1: V1) -> None:
    answer = await v1.world.client.get(await url_of(v1, IMEI))
    entry = await v1.world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
    assert (entry["provider"], entry["operation"], entry["status"]) == ("doctorsim_v1", "imei_report", 200)


@pytest.mark.parametrize("name", ["x", "zl6fpnyqkewa-1milgoxbj7cv", "aaaaaaaaaaaa-aaaaaaaaaaaa", "%00", "A" * 500, "-"])
async def test_an_address_of_no_report_is_not_found(v1: V1, name: str) -> None:
    answer = await v1.world.call("GET", f"{REPORTS}/{name}")
    assert error_of(answer)[:2] == (404, "API_ERROR")
    judge_annex(PROVIDER, "GET", "/imei_report/{name}", answer)


async def test_reports_are_read_only(v1: V1) -> None:
    assert error_of(await v1.world.call("POST", f"{REPORTS}/x"))[:2] == (405, "API_ERROR")


async def test_without_the_extra_a_clear_text_says_how_to_get_it(v1: V1, monkeypatch: pytest.MonkeyPatch) -> None:
    url = await url_of(v1, IMEI)
    for name in [name for name in sys.modules if name.partition(".")[0] == "reportlab"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "reportlab", None)
    status, word, info = error_of(await v1.world.client.get(url))
    assert (status, word) == (501, "API_ERROR")
    assert "pip install 'sim-mockserver[pdf]'" in info


async def test_a_long_report_takes_a_second_page(v1: V1, monkeypatch: pytest.MonkeyPatch) -> None:
    from reportlab.pdfgen.canvas import Canvas

    pages: list[int] = []
    monkeypatch.setattr(Canvas, "showPage", lambda self: pages.append(1))
    report_pdf(BLACKLISTED)
    short = len(pages)
    report_pdf(replace(BLACKLISTED, history=BLACKLISTED.history * 10, white=BLACKLISTED.white * 60))
    assert len(pages) > 2 * short


async def test_every_line_fits_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase.pdfmetrics import stringWidth
    from reportlab.pdfgen.canvas import Canvas

    ends: list[float] = []

    def measure(canvas: Any, x: float, y: float, text: str) -> None:
        assert 0 < y < A4[1]
        size = canvas._fontsize  # noqa: SLF001 - reportlab has no other way to ask
        ends.append(x + stringWidth(text, "Helvetica", size))

    monkeypatch.setattr(Canvas, "drawString", measure)
    for imei in valid_imeis(200):
        report_pdf(report_of(imei))
    assert max(ends) < A4[0]
