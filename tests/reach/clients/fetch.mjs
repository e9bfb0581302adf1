// A client that uses the fetch of Node.
const api = 'https://daisysim.com/api/v1/virtual';
const headers = { authorization: 'Bearer daisy-demo', 'content-type': 'application/json' };
const balance = await (await fetch(`${api}/balance`, { headers })).json();
const body = JSON.stringify({ country: 6, service: 'wa', price: 0.3664 });
const bought = await (await fetch(`${api}/purchase`, { method: 'POST', headers, body })).json();
console.log(JSON.stringify({ balance, bought }));
