'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const express = require('express');
const { GuardConfigurationError, secretGuard } = require('../index.js');
const { ask, listening, recorder } = require('../support/http.js');

const CURRENT = '5f1d9c0a7be24a6c8f3e2d1b0a9c8e7f';
const NEXT = 'c3ab8ff13720e8ad9047dd39466b3c89';

/** Serves a guarded Express application while `use(port, guard, logger)` runs. */
async function serving(options, use) {
  const logger = recorder();
  const app = express();
  const guard = secretGuard({ logger, ...options });
  app.use(guard);
  app.use((req, res) => {
    const { headers, headersDistinct: distinct, rawHeaders: raw, wicketgateGuard: verdict } = req;
    res.json({ headers, distinct, raw, verdict });
  });
  return listening(app, (port) => use(port, guard, logger));
}

test('the handlers see the header in no form', () =>
  serving({ secrets: [CURRENT, NEXT] }, async (port) => {
    const answer = await ask(port, [['Backend-Secret', NEXT]]);
    assert.equal(answer.status, 200);
    assert.ok(!answer.body.toLowerCase().includes('backend-secret'));
    assert.ok(!answer.body.includes(NEXT));
    assert.equal(JSON.parse(answer.body).verdict, 'accepted');
  }));

test('a refusal is a problem that is not stored', () =>
  serving({ secrets: CURRENT }, async (port) => {
    const answer = await ask(port, [], { target: '/orders/1?token=x' });
    assert.equal(answer.status, 401);
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    assert.equal(answer.headers['cache-control'], 'no-store');
    const problem = JSON.parse(answer.body);
    assert.equal(problem.instance, '/orders/1');
    assert.equal(problem.status, 401);
  }));

test('a repeated header is refused even when both are right', () =>
  serving({ secrets: [CURRENT] }, async (port) => {
    const pair = ['backend-secret', CURRENT];
    assert.equal((await ask(port, [pair, pair])).status, 401);
    assert.equal((await ask(port, [pair, ['backend_secret', CURRENT]])).status, 401);
    assert.equal((await ask(port, [pair])).status, 200);
  }));

test('a header that Node keeps only once is still seen twice', () =>
  serving({ secrets: [CURRENT], header: 'authorization' }, async (port) => {
    assert.equal((await ask(port, [['authorization', CURRENT]])).status, 200);
    assert.equal((await ask(port, [['authorization', CURRENT], ['authorization', 'x']])).status, 401);
  }));

test('observe lets through, says so and says so at start', () =>
  serving({ secrets: [CURRENT], mode: 'observe' }, async (port, guard, logger) => {
    assert.equal(guard.mode, 'observe');
    assert.match(logger.lines[0], /mode observe/);
    const answer = await ask(port, [['backend-secret', 'wrong']]);
    assert.equal(JSON.parse(answer.body).verdict, 'mismatch');
    assert.match(logger.lines.at(-1), /let through \(observe mode\).*mismatch/);
  }));

test('no log line holds a secret or what was sent', () =>
  serving({ secrets: [CURRENT] }, async (port, _guard, logger) => {
    await ask(port, [['backend-secret', CURRENT]]);
    await ask(port, [['backend-secret', `${CURRENT}0`]]);
    assert.equal(logger.lines.length, 2);
    assert.ok(!logger.lines.join('\n').includes(CURRENT));
  }));

test('a secret file is read again when it changes and keeps the last good secret', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'guard-'));
  const secretFile = path.join(folder, 'secret');
  fs.writeFileSync(secretFile, `${CURRENT}\n`);
  const status = async (port, secret) => (await ask(port, [['backend-secret', secret]])).status;
  await serving({ secretFile }, async (port, _guard, logger) => {
    fs.writeFileSync(secretFile, `${CURRENT}\n\n${NEXT}\r\n`);
    assert.equal(await status(port, NEXT), 200);
    for (const spoilt of ['', 'short\n', 'a'.repeat(20) + '\n' + 'b'.repeat(20) + '\n' + 'c'.repeat(20)]) {
      fs.writeFileSync(secretFile, spoilt);
      assert.equal(await status(port, CURRENT), 200);
      assert.match(logger.lines.at(-1), /last good secrets stay in force/);
    }
    fs.rmSync(secretFile);
    assert.equal(await status(port, NEXT), 200);
    fs.symlinkSync(secretFile, secretFile);
    assert.equal(await status(port, NEXT), 200, 'not even its state can be read');
    assert.match(logger.lines.at(-1), /ELOOP.*last good secrets stay in force/);
    fs.rmSync(secretFile);
    fs.writeFileSync(secretFile, NEXT);
    assert.equal(await status(port, CURRENT), 401);
  });
  fs.rmSync(folder, { recursive: true });
});

const REFUSED_AT_START = {
  'no variable': [{ environment: 'WICKETGATE_TEST_UNSET' }, /WICKETGATE_TEST_UNSET is not set/],
  'empty list': [{ secrets: [] }, /no secret/],
  'empty text': [{ secrets: '' }, /empty/],
  'null': [{ secrets: null }, /empty/],
  'unset variable in a list': [{ secrets: [undefined] }, /unset variable/],
  'short': [{ secrets: ['fifteen-bytes--'] }, /15 bytes/],
  'three': [{ secrets: [CURRENT, NEXT, 'x'.repeat(16)] }, /3 secrets/],
  'line break': [{ secrets: [`${CURRENT}\n`] }, /white space/],
  'no file': [{ secretFile: '/nonexistent/guard' }, /ENOENT/],
  'both': [{ secrets: [CURRENT], secretFile: '/nonexistent/guard' }, /both given/],
  'mode': [{ secrets: [CURRENT], mode: 'off' }, /mode: "off"/],
  'misspelt': [{ secret: CURRENT, secrets: [CURRENT] }, /^secret: not an option/],
  'header with underscore': [{ secrets: [CURRENT], header: 'backend_secret' }, /no underscore/],
  'no header': [{ secrets: [CURRENT], header: '' }, /header/],
};

for (const [name, [options, message]] of Object.entries(REFUSED_AT_START)) {
  test(`start-up error: ${name}`, () => {
    const check = (error) => {
      assert.ok(error instanceof GuardConfigurationError);
      assert.match(error.message, message);
      return !error.message.includes(CURRENT);
    };
    assert.throws(() => secretGuard({ logger: recorder(), ...options }), check);
  });
}

test('the environment gives the current and the next secret, or a file, not both', (context) => {
  context.after(() => {
    for (const name of ['G', 'G_NEXT', 'G_FILE']) delete process.env[name];
  });
  process.env.G = CURRENT;
  process.env.G_NEXT = NEXT;
  const logger = recorder();
  secretGuard({ environment: 'G', logger });
  assert.match(logger.lines[0], /accepting 2 secrets from environment \(G\)/);
  process.env.G_FILE = '/nonexistent/guard';
  assert.throws(() => secretGuard({ environment: 'G', logger }), /Keep the file or the values/);
});
