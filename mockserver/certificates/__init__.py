"""The local certificate authority (CA), and the certificate with which a server answers `https://`.

The CA lies in a directory of its user and may sign for the emulated hosts only. A server has one certificate for all
its names, in memory. `mockserver.certificates.server` is what a server asks; it imports neither `cryptography` nor
`ssl` before a certificate is needed.
"""
