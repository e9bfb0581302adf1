// A client that uses undici.
import { request } from 'undici';

const api = 'https://daisysim.com/api/v1/virtual';
const headers = { authorization: 'Bearer daisy-demo', 'content-type': 'application/json' };
const balance = await (await request(`${api}/balance`, { headers })).body.json();
const body = JSON.stringify({ country: 6, service: 'wa', price: 0.3664 });
const bought = await (await request(`${api}/purchase`, { method: 'POST', headers, body })).body.json();
console.log(JSON.stringify({ balance, bought }));
