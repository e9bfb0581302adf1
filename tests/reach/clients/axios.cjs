// A client that uses axios.
const axios = require('axios');

const api = axios.create({
  baseURL: 'https://daisysim.com/api/v1/virtual',
  headers: { Authorization: 'Bearer daisy-demo' },
});

(async () => {
  const { data: balance } = await api.get('/balance');
  const { data: bought } = await api.post('/purchase', { country: 6, service: 'wa', price: 0.3664 });
  console.log(JSON.stringify({ balance, bought }));
})();
