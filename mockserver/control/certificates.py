"""`/_mock/ca.pem`."""

from mockserver.control.operation import Answer, ControlCall, Operation

_PEM = "application/x-pem-file"


async def certificate(call: ControlCall) -> Answer:
    """Return the certificate of the local CA, which is made where there is none; touches no sandbox."""
    return Answer(await call.server.ca_certificate(), media=_PEM)


OPERATIONS = (
    Operation(
        "GET",
        "/ca.pem",
        certificate,
        name="caCertificate",
        summary="The certificate of the local CA, for clients to trust",
        gives={"type": "string"},
        produces=(_PEM,),
        tokenless=True,
    ),
)
