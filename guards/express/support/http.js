'use strict';

// Servers and callers of the tests.

const http = require('node:http');
const net = require('node:net');

/** A logger that keeps its lines. */
function recorder() {
  const lines = [];
  const write = (line) => lines.push(line);
  return { lines, info: write, warn: write, error: write };
}

/** Serves while `use(port)` runs; `handler` may be a server. */
async function listening(handler, use) {
  const server = handler instanceof http.Server ? handler : http.createServer(handler);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(server.address().port);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Sends exactly these fields, given as pairs, and no other but `Host` if it is not among them. */
function ask(port, fields = [], { target = '/a?b', method = 'GET', body } = {}) {
  return new Promise((resolve, reject) => {
    const hasHost = fields.some(([name]) => name.toLowerCase() === 'host');
    const headers = [...(hasHost ? [] : ['Host', 'origin']), ...fields.flat()];
    const request = http.request({ port, host: '127.0.0.1', path: target, method, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Sends pieces, each in a packet of its own, and resolves with all that is answered until the other side ends. */
function send(port, ...pieces) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    let answer = '';
    socket.setTimeout(5_000, () => socket.destroy(new Error(`no end: ${JSON.stringify(answer)}`)));
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', reject).on('close', () => resolve(answer));
    const go = (at) => {
      if (at === pieces.length || socket.destroyed) return;
      socket.write(pieces[at], 'latin1');
      setTimeout(go, 20, at + 1);
    };
    go(0);
  });
}

const WEBSOCKET = [['connection', 'Upgrade'], ['upgrade', 'websocket']];

function head(method, target, fields) {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** Asks for an upgrade with further fields, given as pairs. */
function upgrade(port, fields = [['host', 'origin']], target = '/s') {
  return send(port, head('GET', target, [...WEBSOCKET, ...fields]));
}

module.exports = { ask, head, listening, recorder, send, upgrade };
