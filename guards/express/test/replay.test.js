'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { setTimeout: after } = require('node:timers/promises');
const express = require('express');
const { MemoryReplayStore, signatureGuard, tokenGuard } = require('../index.js');
const { ask, listening, recorder } = require('../support/http.js');
const { ISSUER, Issuer } = require('../support/issuer.js');
const { KEY_ID, SECRET, signed } = require('../support/signer.js');

/** A store as somebody would have it in a database: it answers later. */
class LaterStore {
  ends = new Map();

  async first(key, until) {
    await after(5);
    if (this.ends.has(key)) return false;
    this.ends.set(key, until);
    return true;
  }
}

/** Serves signed requests; `use(send, lines)`, where `send(fields)` gives the status. */
function servingSigned(options, use) {
  const logger = recorder();
  const app = express().use(signatureGuard({ secrets: { [KEY_ID]: SECRET }, logger, ...options }));
  app.use((req, res) => res.send('in'));
  return listening(app, (port) => {
    const send = async (fields) => (await ask(port, fields, { target: '/orders' })).status;
    return use(send, logger.lines);
  });
}

/** The same for tokens that count once; `send(token)`. */
function servingTokens(options, use) {
  const [issuer, logger] = [new Issuer(), recorder()];
  return listening(issuer.serve, (keys) => {
    const jwks = `http://127.0.0.1:${keys}/`;
    const app = express().use(tokenGuard({ issuer: ISSUER, audience: 'orders', jwks, logger, once: true, ...options }));
    app.use((req, res) => res.send('in'));
    return listening(app, (port) => {
      const send = async (token) => (await ask(port, [['authorization', `Bearer ${token}`]])).status;
      return use(send, issuer, logger.lines);
    });
  });
}

test('a store that answers later is waited for', async () => {
  const replay = new LaterStore();
  await servingSigned({ replay }, async (send) => {
    const fields = signed();
    assert.deepEqual([await send(fields), await send(fields), await send(fields)], [200, 401, 401]);
    const raced = signed();
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(raced)));
    assert.deepEqual(answers.sort(), [200, 401, 401, 401, 401]);
  });
  await servingTokens({ replay }, async (send, issuer) => {
    const token = issuer.token();
    assert.deepEqual([await send(token), await send(token)], [200, 401]);
  });
});

test('what is remembered outlives what it is about by a minute', async () => {
  const replay = new LaterStore();
  const [made, ends] = [Math.floor(Date.now() / 1000), Math.floor(Date.now() / 1000) + 200];
  await servingSigned({ replay }, async (send) => assert.equal(await send(signed({ at: made })), 200));
  await servingTokens({ replay }, async (send, issuer) => assert.equal(await send(issuer.token({ exp: ends })), 200));
  assert.deepEqual([...replay.ends.values()], [made + 300 + 60, ends + 60 + 60]);
});

test('to the last second of its window a signature counts once', async () => {
  const at = Math.floor(Date.now() / 1000);
  let now = at;
  await servingSigned({ now: () => now }, async (send) => {
    const fields = signed({ at });
    assert.equal(await send(fields), 200);
    for (now of [at + 299.5, at + 300]) assert.equal(await send(fields), 401, String(now - at));
  });
});

const FAILING = {
  'throws': () => {
    throw new Error('no route to the store');
  },
  'rejects': async () => {
    throw new Error('no route to the store');
  },
  'rejects with nothing': () => Promise.reject(),
  'says OK, as Redis does': async () => 'OK',
  'says 1': () => 1,
  'says nothing': async () => {},
};

for (const [name, first] of Object.entries(FAILING)) {
  test(`a store that ${name} lets nobody in, and the log says why`, async () => {
    const isWhy = (line) => /replay store cannot tell/.test(line) && /no route|first\(\) gave|undefined/.test(line);
    await servingSigned({ replay: { first } }, async (send, lines) => {
      assert.equal(await send(signed()), 401);
      assert.equal(lines.filter(isWhy).length, 1, lines.join('\n'));
      assert.match(lines.at(-1), /signature not known to be new: the replay store failed/);
    });
    await servingTokens({ replay: { first } }, async (send, issuer, lines) => {
      assert.equal(await send(issuer.token()), 401);
      assert.equal(lines.filter(isWhy).length, 1, lines.join('\n'));
    });
  });
}

test('a full store refuses, and the log says that it is full', () =>
  servingSigned({ replay: new MemoryReplayStore({ most: 2 }) }, async (send, lines) => {
    const first = signed();
    assert.deepEqual([await send(first), await send(signed()), await send(signed())], [200, 200, 401]);
    assert.match(lines.at(-2), /full, all 2 entries still count \(option `most`\)/);
    assert.equal(await send(first), 401);
    assert.match(lines.at(-1), /used before/);
  }));

test('a full store has room when something has ended', () => {
  let at = 0;
  const store = new MemoryReplayStore({ most: 2, now: () => at });
  assert.deepEqual(['a', 'b', 'a'].map((key) => store.first(key, 10)), [true, true, false]);
  assert.throws(() => store.first('c', 10), /full/);
  at = 11;
  assert.ok(store.first('a', 20));
  assert.ok(!store.first('a', 20));
});

test('what lives long does not keep what has ended', () => {
  let at = 0;
  const store = new MemoryReplayStore({ most: 100, now: () => at });
  for (let number = 0; number < 20; number += 1) assert.ok(store.first(`long ${number}`, 10_000));
  for (at = 1; at < 5_000; at += 1) assert.ok(store.first(`short ${at}`, at + 70), `at ${at}`);
  for (let number = 0; number < 20; number += 1) assert.ok(!store.first(`long ${number}`, 10_000));
});

test('whatever the order of the ends, each entry counts until its own', () => {
  let at = 0;
  let seed = 1;
  const store = new MemoryReplayStore({ most: 400, now: () => at });
  const ends = new Map();
  for (let number = 0; number < 20_000; number += 1) {
    seed = (seed * 48_271) % 0x7fffffff;
    const key = `k${seed % 500}`;
    const isNew = (ends.get(key) ?? 0) <= at;
    assert.equal(store.first(key, at + 1 + (seed % 97)), isNew, `${key} at ${at}`);
    if (isNew) ends.set(key, at + 1 + (seed % 97));
    at += 0.25;
  }
});
