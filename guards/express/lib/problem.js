'use strict';

// One sentence for every reason: a caller learns nothing about how close the guess was.
const DETAIL = 'This origin answers its gateway only. Send the request through the gateway.';

function targetOf(req) {
  return req.originalUrl ?? req.url;
}

/** The body of a refusal: RFC 9457 problem details in the shape the gateway uses. `url` is the request target. */
function unauthorized(url) {
  return JSON.stringify({
    type: 'https://httpproblems.com/http-status/401',
    title: 'Unauthorized',
    status: 401,
    detail: DETAIL,
    instance: url.split('?', 1)[0],
  });
}

/** Header fields of the refusal; it must not be stored, or a cache would go on refusing. */
function headers(body) {
  return {
    'Content-Type': 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  };
}

function refuse(req, res) {
  const body = unauthorized(targetOf(req));
  res.writeHead(401, headers(body));
  res.end(req.method === 'HEAD' ? undefined : body);
}

function refuseUpgrade(req, socket) {
  const body = unauthorized(targetOf(req));
  const fields = Object.entries({ ...headers(body), Connection: 'close' });
  const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  // Nobody reads this connection any more: a caller that does not close it would keep it for ever.
  socket.resume().once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 401 Unauthorized\r\n${head}\r\n${body}`);
}

module.exports = { refuse, refuseUpgrade, targetOf };
