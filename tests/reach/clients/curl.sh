# A client that uses curl.
set -eu
call() { curl -sS -H 'Authorization: Bearer daisy-demo' "$@"; }
balance=$(call https://daisysim.com/api/v1/virtual/balance)
bought=$(call https://daisysim.com/api/v1/virtual/purchase -d '{"country": 6, "service": "wa", "price": 0.3664}')
printf '{"balance": %s, "bought": %s}\n' "$balance" "$bought"
