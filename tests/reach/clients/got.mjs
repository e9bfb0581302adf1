// A client that uses got.
import got from 'got';

const api = got.extend({
  prefixUrl: 'https://daisysim.com/api/v1/virtual',
  headers: { authorization: 'Bearer daisy-demo' },
  retry: { limit: 0 },
});
const balance = await api('balance').json();
const bought = await api.post('purchase', { json: { country: 6, service: 'wa', price: 0.3664 } }).json();
console.log(JSON.stringify({ balance, bought }));
