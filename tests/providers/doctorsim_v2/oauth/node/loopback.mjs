// What each program here shares: the addresses in its code, and the port to which a browser is sent back.
import { createServer } from 'node:http';

export const issuer = 'https://www.doctorsim.com';
export const api = 'https://api.doctorsim.com/v2';

// Listens on a free port of this machine, as apps on a desktop do (RFC 8252, 7.3). `visit` lets the person's browser
// open an address, and returns the URL to which it was sent back.
export async function listen() {
  let came;
  const server = createServer((request, response) => {
    response.setHeader('Connection', 'close').end('Thank you.');
    came(request.url);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  server.unref();
  const origin = `http://127.0.0.1:${server.address().port}`;
  const visit = async (address) => {
    const back = new Promise((resolve) => { came = resolve; });
    console.log('open', `${address}`);
    // An unfinished promise alone would let Node end.
    const waiting = setTimeout(() => { throw new Error('no browser came back'); }, 15_000);
    const path = await back;
    clearTimeout(waiting);
    return new URL(path, origin);
  };
  return { redirectUri: `${origin}/callback`, visit };
}

// What a library refuses, in the server's word where the server refused.
export async function refused(attempt) {
  try {
    await attempt();
  } catch (error) {
    return error.error ?? error.cause?.error ?? error.errorCode ?? error.message;
  }
  return 'accepted';
}
