"""The handlers of `POST /imeicheck` and of its PDF reports: the answer that an IMEI gets, and its shape."""

from typing import Any
from urllib.parse import urlsplit

from mockserver.domain.errors import NotFound
from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.doctorsim_v1 import reports
from mockserver.providers.doctorsim_v1.auth import SANDBOX, mode_of
from mockserver.providers.doctorsim_v1.errors import HashMissing
from mockserver.providers.doctorsim_v1.imei import decomposition, problem_of
from mockserver.providers.doctorsim_v1.reports import UNKNOWN, Listing, Phone, Report
from mockserver.providers.doctorsim_v1.settings import API_HOST, REPORTS, WEB_HOST

_FREE = {"type": "F", "desc": "free"}
_PAY = {"type": "P", "desc": "pay"}
#: Documented word by word: clients show it to their customers.
_NO_MODEL = {"code": 404, "txt": "Lo sentimos, el IMEI facilitado no se corresponde con ningún modelo existente."}
_SHOP = f"https://{WEB_HOST}/"


async def imeicheck(call: Call) -> Reply:
    """Check an IMEI, free of charge. Production needs a hash, which is not read: its cipher is not public."""
    sandbox = mode_of(call.account) == SANDBOX
    if not sandbox and not call.fields.get("hash"):
        raise HashMissing
    imei = call.fields["imei"]
    if problem_of(imei) or (sandbox and imei in reports.TEST_ERRORS):
        return Reply(_answer(imei, UNKNOWN, error=[_NO_MODEL], type_pay=_PAY))
    report = reports.TEST_REPORTS.get(imei) if sandbox else None
    if report is None and _wants_payment(call, imei):
        return Reply(_answer(imei, reports.phone_of(imei), type_pay=_PAY))
    report = report or reports.report_of(imei)
    return Reply(
        _answer(
            imei,
            report.phone,
            type_pay=_FREE,
            result=_result(report, report_url(call, report)),
            extra_info=[] if report.listed else _buttons(report.phone),
        )
    )


async def imei_report(call: Call) -> Reply:
    """Return the report as a PDF, for anyone who knows its address."""
    report = reports.report_named(call.fields["name"])
    if report is None:
        raise NotFound("report", call.fields["name"][:100])
    # Imported lazily to keep start-up fast.
    from mockserver.providers.doctorsim_v1.pdf import report_pdf

    headers = (("Content-Disposition", f'inline; filename="imei-report-{report.imei}.pdf"'),)
    return Reply(report_pdf(report), headers=headers, media="application/pdf")


def report_url(call: Call, report: Report) -> str:
    """Return the report's URL: on this server as the client reached it, or on the original, as the setting says."""
    path = f"{REPORTS}/{report.name}"
    if call.state.settings.values["doctorsim_v1.report_url"] == "original":
        return f"https://{WEB_HOST}{path}"
    before, slash, last = call.base_url.rpartition("/")
    if last.lower() == API_HOST and before.count("/") >= 2:
        return f"{before}{slash}{WEB_HOST}{path}"
    parts = urlsplit(call.base_url)
    port = parts.netloc.partition(":")[1:]
    return f"{parts.scheme}://{WEB_HOST}{''.join(port)}{parts.path}{path}"


def _wants_payment(call: Call, imei: str) -> bool:
    match call.state.settings.values["doctorsim_v1.paid_checks"]:
        case "some":
            return reports.is_paid(imei)
        case setting:
            return bool(setting == "all")


def _answer(
    imei: str,
    phone: Phone,
    *,
    type_pay: dict[str, str],
    error: list[dict[str, Any]] | None = None,
    result: dict[str, Any] | None = None,
    extra_info: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    return {
        "data": {
            "imei": imei,
            "tac": decomposition(imei),
            "brandname": phone.brand,
            "marketingname": phone.marketing_name,
            "modelname": phone.name,
            "devicetype": phone.kind,
            "img": phone.image,
            "lang": "es",
        },
        "error": error or [],
        "result": result or {},
        "type_pay": type_pay,
        "extra_info": extra_info or [],
    }


def _result(report: Report, url: str) -> dict[str, Any]:
    history = [
        {"imei": report.imei, "action": row.action, "date": row.date, "by": row.operator, "country": row.country}
        for row in report.history
    ]
    return {
        "blackliststatus": report.listed,
        "imeihistory": history,
        "lists": {"black": _listing(report.black), "white": _listing(report.white)},
        "url_report": url,
    }


def _listing(countries: Listing) -> list[dict[str, Any]]:
    return [
        {"name": country, "opers": [{"txt": text, "status": status} for text, status in operators]}
        for country, operators in countries
    ]


def _buttons(phone: Phone) -> list[dict[str, str]]:
    """Return two buttons that lead on; for an iPhone they have the URLs and labels that the page shows."""
    if phone.maker == "iPhone":
        model = phone.name.partition(" (")[0].lower().replace(" ", "-")
        place = f"iphone/{model}"
    else:
        place = "/".join(text.lower().replace(" ", "-") for text in (phone.maker, phone.name))
    return [
        {"type": "button", "txt": f"Libera tu {phone.maker}", "url": f"{_SHOP}liberar-movil/{place}/liberar/"},
        {
            "type": "button",
            "txt": f"Descubre si tu {phone.maker} está Libre",
            "url": f"{_SHOP}comprobar-movil-imei/chequeo-estado-libre-bloqueado/solicitar/",
        },
    ]
