// Leads `fetch` through the proxy that HTTPS_PROXY names, as Node does by itself only from 22.21 on. To be loaded by
// `--import`. The certificates are checked as ever: NODE_EXTRA_CA_CERTS names the CA.
import { request } from 'node:http';
import { connect as connectPlain } from 'node:net';
import { connect as connectSafely } from 'node:tls';

const proxy = new URL(process.env.HTTPS_PROXY);
const direct = new Set(process.env.NO_PROXY.split(','));

function connect({ hostname, port, protocol, servername }, done) {
  if (direct.has(hostname)) {
    const host = hostname;
    const socket = protocol === 'https:'
      ? connectSafely({ host, port: port || 443 }, () => done(null, socket))
      : connectPlain({ host, port: port || 80 }, () => done(null, socket));
    socket.once('error', done);
    return;
  }
  const credential = Buffer.from(`${proxy.username}:${proxy.password}`).toString('base64');
  request({
    host: proxy.hostname,
    port: proxy.port,
    method: 'CONNECT',
    path: `${hostname}:${port || 443}`,
    headers: { 'Proxy-Authorization': `Basic ${credential}` },
  }).once('connect', (answer, tunnel) => {
    if (answer.statusCode !== 200) {
      done(new Error(`the proxy answered ${answer.statusCode}`));
      return;
    }
    const socket = connectSafely({ socket: tunnel, servername: servername || hostname }, () => done(null, socket));
    socket.once('error', done);
  }).once('error', done).end();
}

// The class of Node's own dispatcher is nowhere exported; its instance is there as soon as `fetch` was touched.
const place = Symbol.for('undici.globalDispatcher.1');
await fetch('data:,').then((answer) => answer.text());
const Agent = globalThis[place].constructor;
globalThis[place] = new Agent({ connect });
