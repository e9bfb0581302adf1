"""A good file, from which each test makes a bad one."""

import pytest

GOOD = """\
scenario: quick
provider: acme
about: Accepted at once.
settings: {acme.cancel_after: 60s}
machine:
  kind: activation
  start: waiting
  states:
    waiting:
      shows: Waiting
      transitions:
        - {on: sms, after: 8s, to: completed, effects: [{message: sms}]}
        - {on: expire, after: 20m, since: created, to: cancelled}
        - {on: cancel, not_before: {setting: acme.cancel_after}, to: cancelled}
        - {on: outcome, after: {uniform: [50s, 1m]}, to: {completed: 9, cancelled: 1}}
    completed: {shows: Completed, final: true, effects: [cashback, spend, {webhook: code.received}]}
    cancelled: {shows: Cancelled, final: true, effects: [refund]}
rules:
  - name: silent
    about: No code ever.
    when: {operation: purchase, request.service: ns, order.country: {in: [1, 2]}}
    times: 1
    per: [account, request.service]
    then: {never: [sms], delays: {expire: 90s}, outcomes: {outcome: cancelled}}
  - when: {request.service: [pe, px]}
    then: {refuse: ProviderError}
  - then: {start: completed, stock: 0, reprice: true, takes: {uniform: [1s, {setting: acme.cancel_after}]}}
accounts:
  - id: demo
    credentials: {key: acme-demo}
    balance: "100.00"
    total_spent: "45.20"
    status: active
    about: The usual one.
    details: {email: demo@example.com}
    webhook_url: null
  - {id: poor, credentials: {key: acme-poor}, balance: "0.10"}
magic:
  - {where: service, value: ns, effect: No code ever., provenance: assumed}
"""


@pytest.fixture
def good() -> str:
    """A file in which every key occurs and nothing is wrong."""
    return GOOD
