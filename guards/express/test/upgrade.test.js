'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const { test } = require('node:test');
const { setTimeout: after } = require('node:timers/promises');
const express = require('express');
const { GuardConfigurationError, secretGuard, signatureGuard, tokenGuard } = require('../index.js');
const { ask, head, listening, recorder, upgrade } = require('../support/http.js');
const { REPOSITORY } = require('../support/repository.js');
const { ISSUER, Issuer } = require('../support/issuer.js');
const { KEY_ID, SECRET, signed } = require('../support/signer.js');

const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\n\r\n';
const HOST = ['host', 'origin'];
const SECRETS = { [KEY_ID]: SECRET };

/** Serves upgrades, and requests, behind a guard while `use(port)` runs. */
function serving(guard, use) {
  const server = http.createServer(express().use(guard).use((req, res) => res.send('in')));
  const taken = [];
  const take = (req, socket, first) => {
    taken.push(req.url);
    socket.end(`${SWITCHED}${req.wicketgateGuard} ${first}`);
  };
  server.on('upgrade', guard.upgrade(take));
  return listening(server, (port) => use(port, taken));
}

/** The same with a guard of tokens and its issuer. */
function servingTokens(options, use) {
  const issuer = new Issuer();
  return listening(issuer.serve, (keys) => {
    const jwks = `http://127.0.0.1:${keys}/`;
    const guard = tokenGuard({ issuer: ISSUER, audience: 'orders', jwks, logger: recorder(), ...options });
    return serving(guard, (port, taken) => use(port, issuer, taken));
  });
}

const bearer = (token) => [HOST, ['authorization', `Bearer ${token}`]];

test('without its proof no guard lets an upgrade in, and the answer is a problem', async () => {
  const refused = /^HTTP\/1\.1 401 [^]*problem\+json[^]*"instance":"\/s"/;
  const logger = recorder();
  for (const guard of [secretGuard({ secrets: SECRET, logger }), signatureGuard({ secrets: SECRETS, logger })]) {
    await serving(guard, async (port) => assert.match(await upgrade(port), refused));
  }
  await servingTokens({}, async (port, issuer) => {
    assert.match(await upgrade(port), refused);
    const stranger = new Issuer();
    const invented = issuer.token({ kid: 'invented', pair: stranger.keys.get('k1') });
    for (const token of [stranger.token(), invented]) assert.match(await upgrade(port, bearer(token)), refused);
  });
});

test('with its proof each guard lets an upgrade in', async () => {
  const logger = recorder();
  const admitted = `${SWITCHED}accepted `;
  await serving(secretGuard({ secrets: SECRET, logger }), async (port) => {
    assert.equal(await upgrade(port, [HOST, ['backend-secret', SECRET]]), admitted);
  });
  await servingTokens({}, async (port, issuer) => assert.equal(await upgrade(port, bearer(issuer.token())), admitted));
  await serving(signatureGuard({ secrets: SECRETS, logger }), async (port) => {
    const fields = signed({ target: '/s' });
    assert.equal(await upgrade(port, fields), admitted);
    assert.match(await upgrade(port, fields), /^HTTP\/1\.1 401 /, 'once');
    assert.match(await upgrade(port, signed({ target: '/other' })), /^HTTP\/1\.1 401 /);
    assert.match(await upgrade(port, signed({ target: '/s', body: 'x' })), /^HTTP\/1\.1 401 /, 'it has no body');
    const unsigned = signed({ target: '/s', payload: 'UNSIGNED-PAYLOAD' });
    assert.equal(await upgrade(port, unsigned), admitted, 'and so none to sign');
  });
});

test('what is only watched goes on, and the log says so', async () => {
  const logger = recorder();
  await serving(signatureGuard({ secrets: SECRETS, mode: 'observe', logger }), async (port) => {
    assert.equal(await upgrade(port), `${SWITCHED}missing `);
    assert.match(logger.lines.at(-1), /let through \(observe mode\)/);
  });
});

test('an upgrade gets the first bytes of what follows', () =>
  serving(secretGuard({ secrets: SECRET, logger: recorder() }), async (port) => {
    const fields = [HOST, ['connection', 'Upgrade'], ['upgrade', 'w'], ['backend-secret', SECRET]];
    const socket = net.connect(port, '127.0.0.1').setEncoding('latin1');
    socket.write(`${head('GET', '/s', fields)}first`);
    assert.equal((await socket.toArray()).join(''), `${SWITCHED}accepted first`);
  }));

test('the guard takes a handler, and nothing that could be misread', () => {
  const guard = secretGuard({ secrets: SECRET, logger: recorder() });
  assert.throws(() => guard.upgrade({ headers: {} }, net.connect), GuardConfigurationError);
  const [take, req] = [guard.upgrade(() => {}), { rawHeaders: [], headers: {}, url: '/' }];
  assert.equal(take(req, new net.Socket(), undefined), undefined);
});

function connected(port, fields) {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(head('GET', '/s', [['connection', 'Upgrade'], ['upgrade', 'websocket'], ...fields]));
  return socket;
}

test('a caller who resets the connection ends nothing but it', async () => {
  let answer;
  await servingTokens({}, async (port, issuer, taken) => {
    issuer.answers = new Promise((resolve) => (answer = resolve));
    const fields = bearer(issuer.token());
    const sockets = [connected(port, fields), connected(port, bearer(new Issuer().token({ kid: 'k1' })))];
    while (issuer.fetched === 0) await after(5);
    await after(50);
    for (const socket of sockets) socket.resetAndDestroy();
    await after(50);
    answer();
    assert.equal((await ask(port, fields)).status, 200);
    assert.deepEqual(taken, [], 'nobody is there any more');
  });
});

test('a reset in the middle of a refusal ends nothing but the connection', () =>
  serving(secretGuard({ secrets: SECRET, logger: recorder() }), async (port) => {
    for (let number = 0; number < 50; number += 1) {
      const socket = connected(port, [HOST]);
      await new Promise((resolve) => socket.once(number % 2 ? 'connect' : 'data', resolve));
      socket.resetAndDestroy();
    }
    await after(50);
    assert.equal((await ask(port, [['backend-secret', SECRET]])).status, 200);
  }));

test('a refused connection does not stay, though the caller keeps it', () =>
  serving(secretGuard({ secrets: SECRET, logger: recorder() }), async (port) => {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.write(head('GET', '/s', [HOST, ['connection', 'Upgrade'], ['upgrade', 'websocket']]));
    socket.resume();
    await new Promise((resolve) => socket.once('end', resolve));
    let failed;
    socket.on('error', (error) => (failed = error));
    for (let tries = 0; !failed && tries < 100; tries += 1) {
      socket.write('x');
      await after(10);
    }
    assert.ok(failed, 'the other side is gone');
  }));

for (const page of ['guards/express/README.md', 'docs/guide/guard-the-origin.md']) {
  test(`the example of ${page} works as it is written`, async (context) => {
    const text = fs.readFileSync(path.join(REPOSITORY, page), 'utf8');
    const example = text.match(/```js\n([^`]*guard\.upgrade[^`]*)```/)[1];
    context.after(() => delete process.env.BACKEND_SECRET);
    process.env.BACKEND_SECRET = SECRET;
    const sockets = { handleUpgrade: (req, socket, first, done) => done(socket) };
    const make = new Function('require', 'sockets', 'onOpen', `${example}\nreturn server;`);
    const server = make(require, sockets, (socket) => socket.end(SWITCHED));
    await listening(server, async (port) => {
      assert.match(await upgrade(port), /^HTTP\/1\.1 401 /);
      assert.equal(await upgrade(port, [HOST, ['backend-secret', SECRET]]), SWITCHED);
      assert.equal((await ask(port)).status, 401);
      assert.equal((await ask(port, [['backend-secret', SECRET]])).status, 404, 'the application has no routes');
    });
  });
}
