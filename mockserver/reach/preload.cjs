'use strict';
// Node loads this file first (NODE_OPTIONS=--require). It leads connections for the hosts that mockserver emulates to
// it, through a tunnel (CONNECT) whose proxy user names the sandbox. All other connections are left alone.

const marker = Symbol.for('mockserver.preload');

function read(environment) {
  const { MOCKSERVER_URL: url, MOCKSERVER_EMULATED_HOSTS: hosts, MOCKSERVER_CA: file } = environment;
  try {
    const place = new URL(url);
    return {
      host: place.hostname.replace(/^\[|\]$/g, ''),
      port: Number(place.port) || (place.protocol === 'https:' ? 443 : 80),
      hosts: new Set(hosts.split(',')),
      ca: require('node:fs').readFileSync(file),
      sandbox: environment.MOCKSERVER_SANDBOX,
    };
  } catch {
    return null; // Not all of the variables are there: this process is not one of ours.
  }
}

function install(mock) {
  const net = require('node:net');
  const tls = require('node:tls');
  const { Duplex } = require('node:stream');
  const connectPlain = net.connect;
  const connectTls = tls.connect;

  /** What the proxy's answer to CONNECT says besides its status. */
  function refusal(head, body) {
    const [line] = head.split('\r\n', 1);
    return new Error(`mockserver refused a tunnel: ${line.slice(line.indexOf(' ') + 1)} ${body}`.trim());
  }

  function cutOff() {
    return new Error('mockserver closed the connection before the tunnel stood');
  }

  function question(host, port) {
    const user = mock.sandbox ? Buffer.from(`${mock.sandbox}:x`).toString('base64') : null;
    const credential = user ? `Proxy-Authorization: Basic ${user}\r\n` : '';
    return `CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n${credential}\r\n`;
  }

  /** Reads the answer to a CONNECT; `take` returns what follows it, and null until it is complete. */
  class Answer {
    constructor() {
      this.text = Buffer.alloc(0);
    }

    take(part) {
      this.text = Buffer.concat([this.text, part]);
      const end = this.text.indexOf('\r\n\r\n');
      if (end < 0) return null;
      const head = this.text.toString('latin1', 0, end);
      const rest = this.text.subarray(end + 4);
      if (!/^HTTP\/1\.[01] 2/.test(head)) throw refusal(head, rest.toString());
      return rest;
    }
  }

  /** A stream to `host:port` through the mock. What is written before the tunnel stands waits for it. */
  class Tunnel extends Duplex {
    constructor(host, port) {
      super();
      this.opened = null;
      this.answer = new Answer();
      this.raw = connectPlain({ host: mock.host, port: mock.port, noDelay: true });
      this.raw.write(question(host, port));
      this.raw.on('data', (part) => this.receive(part));
      this.raw.on('end', () => this.endOfAnswer());
      this.raw.on('error', (error) => this.destroy(error));
      this.raw.on('close', () => this.destroy());
    }

    receive(part) {
      let rest = part;
      if (this.answer) {
        try {
          rest = this.answer.take(part);
        } catch (error) {
          this.destroy(error);
          return;
        }
        if (rest === null) return;
        this.answer = null;
        if (this.opened) this.opened();
      }
      if (rest.length && !this.push(rest)) this.raw.pause();
    }

    endOfAnswer() {
      if (this.answer) this.destroy(cutOff());
      else this.push(null);
    }

    _write(part, encoding, done) {
      const write = () => this.raw.write(part, encoding, done);
      if (this.answer) this.opened = write;
      else write();
    }

    _final(done) {
      const end = () => this.raw.end(done);
      if (this.answer) this.opened = end;
      else end();
    }

    _read() {
      this.raw.resume();
    }

    _destroy(error, done) {
      this.raw.destroy();
      done(error);
    }
  }

  /** A real socket, as clients of plain HTTP want one. The answer to CONNECT is taken out of what it receives. */
  function plainTunnel(options, callback) {
    const socket = connectPlain({ ...options, host: mock.host, port: mock.port, lookup: undefined }, callback);
    socket.write(question(options.host ?? options.hostname, Number(options.port) || 80));
    const answer = new Answer();
    socket.push = function (part) {
      let rest = null;
      try {
        if (part === null) throw cutOff();
        rest = answer.take(part);
      } catch (error) {
        this.destroy(error);
        return false;
      }
      if (rest === null) return true;
      delete this.push;
      return rest.length ? this.push(rest) : true;
    };
    return socket;
  }

  /** The options and the callback of `connect(options, f)`, `connect(port, host, options, f)` and the like. */
  function argumentsOf(given) {
    if (Array.isArray(given[0])) given = given[0]; // Node's own modules pass what they have read already.
    const options = {};
    const [first, second] = given;
    const callback = given.find((one) => typeof one === 'function');
    if (typeof first === 'number' || (typeof first === 'string' && /^[0-9]+$/.test(first))) options.port = Number(first);
    if (typeof second === 'string') options.host = second;
    for (const one of given) if (one !== null && typeof one === 'object') Object.assign(options, one);
    return [options, callback];
  }

  function isEmulated(options) {
    const host = options.host ?? options.hostname;
    return typeof host === 'string' && !options.path && mock.hosts.has(host.toLowerCase().replace(/\.$/, ''));
  }

  /** Let the socket that clients see keep the process alive, or not, as a real one would. */
  function keepAliveLike(socket, tunnel) {
    for (const name of ['ref', 'unref', 'setKeepAlive', 'setNoDelay']) {
      socket[name] = function (...given) {
        tunnel.raw[name](...given);
        return this;
      };
    }
    return socket;
  }

  tls.connect = function connect(...given) {
    const [options, callback] = argumentsOf(given);
    if (options.socket || !isEmulated(options)) return connectTls.apply(this, given);
    const host = options.host ?? options.hostname;
    const tunnel = new Tunnel(host, Number(options.port) || 443);
    const ours = { servername: host, ...options, socket: tunnel, ca: mock.ca };
    if (!ours.servername) ours.servername = host;
    return keepAliveLike(connectTls.call(this, ours, callback), tunnel);
  };

  const connect = function connect(...given) {
    const [options, callback] = argumentsOf(given);
    if (!isEmulated(options)) return connectPlain.apply(this, given);
    return plainTunnel(options, callback);
  };
  net.connect = net.createConnection = connect;

  const { Agent } = require('node:http');
  const create = Agent.prototype.createConnection;
  if (create === connectPlain) Agent.prototype.createConnection = connect;
  require('node:module').syncBuiltinESMExports();
}

/** Node 22 tells once that NODE_USE_ENV_PROXY is experimental there; who runs a command has not asked for that. */
function hideProxyWarning() {
  const { emit } = process;
  process.emit = function (name, warning, ...rest) {
    if (name === 'warning' && warning && warning.code === 'UNDICI-EHPA') return true;
    return emit.call(this, name, warning, ...rest);
  };
}

if (!globalThis[marker]) {
  const mock = read(process.env);
  if (mock !== null) {
    Object.defineProperty(globalThis, marker, { value: true });
    install(mock);
    if (process.env.NODE_USE_ENV_PROXY) hideProxyWarning();
  }
}
