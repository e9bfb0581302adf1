// A client that uses https.request of Node.
const https = require('https');

function call(method, path, body) {
  const options = {
    hostname: 'daisysim.com',
    path: `/api/v1/virtual${path}`,
    method,
    headers: { Authorization: 'Bearer daisy-demo', 'Content-Type': 'application/json' },
  };
  return new Promise((resolve, reject) => {
    const request = https.request(options, (answer) => {
      let text = '';
      answer.on('data', (part) => { text += part; });
      answer.on('end', () => resolve(JSON.parse(text)));
    });
    request.on('error', reject);
    request.end(body && JSON.stringify(body));
  });
}

(async () => {
  const balance = await call('GET', '/balance');
  const bought = await call('POST', '/purchase', { country: 6, service: 'wa', price: 0.3664 });
  console.log(JSON.stringify({ balance, bought }));
})();
