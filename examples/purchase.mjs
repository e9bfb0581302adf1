// A client in Node that knows nothing of the sandbox but its address: node examples/purchase.mjs BASE_URL
// BASE_URL is http://localhost:7460 (or, for a sandbox of its own, http://localhost:7460/~NAME).
const base = process.argv[2] ?? "http://localhost:7460";

async function daisy(method, path, body) {
  const answer = await fetch(`${base}/daisysim.com/api/v1/virtual${path}`, {
    method,
    headers: { Authorization: "Bearer daisy-demo", "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const { success, data, error, code } = await answer.json();
  if (!success) throw new Error(`${answer.status} ${code}: ${error}`);
  return data;
}

const { tiers } = await daisy("POST", "/prices", { country: 36, service: "wa" });
const order = await daisy("POST", "/purchase", { country: 36, service: "wa", price: tiers[0].price });
console.log(`bought ${order.phone_number} (${order.country}, ${order.service})`);

// With a clock that runs one would ask every few seconds; this moves it.
await fetch(`${base}/_mock/clock/advance`, { method: "POST", body: JSON.stringify({ by: "8s" }) });
const { status, code } = await daisy("GET", `/check/${order.activation_id}`);
console.log(`${status}: ${code}`);
