'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const express = require('express');
const { GuardConfigurationError, signatureGuard } = require('../index.js');
const { ask, head, listening, recorder, send } = require('../support/http.js');
const { KEY_ID, SECRET, signed } = require('../support/signer.js');

const SECRETS = { [KEY_ID]: SECRET };

/** Serves `/orders` behind the guard; `use(given, lines)`, where `given(fields)` asks, and tells what was seen. */
function serving(options, use) {
  const logger = recorder();
  const app = express().use(signatureGuard({ secrets: SECRETS, logger, ...options }));
  app.use((req, res) => res.json({ headers: req.headers, verdict: req.wicketgateGuard }));
  return listening(app, (port) => {
    const given = async (fields) => {
      const { status, body } = await ask(port, fields, { target: '/orders' });
      return { status, seen: JSON.parse(body) };
    };
    return use(given, logger.lines);
  });
}

test('a value of a byte of UTF-8 is a value, and must be signed', () =>
  serving({}, async (given, lines) => {
    assert.equal((await given([...signed(), ['x-admin', '\xa0']])).status, 401);
    assert.match(lines.at(-1), /beside a header that it does not cover/);
    for (const nothing of ['', ' ', '\t ']) {
      assert.equal((await given([...signed(), ['x-admin', nothing]])).status, 200);
    }
    assert.equal((await given(signed({ also: { 'x-admin': '\xa0' } }))).status, 200);
  }));

test('of a header sent twice the empty one is left out, as the gateway does', () =>
  serving({}, async (given) => {
    const fields = () => signed({ also: { 'x-two': '2' } });
    assert.equal((await given([['x-two', ''], ...fields()])).status, 200);
    assert.equal((await given([...fields(), ['x-two', '']])).status, 200);
    assert.equal((await given([...fields(), ['x-two', '3']])).status, 401);
    const two = signed({ also: { 'x-two': '1,2' } }).filter(([name]) => name !== 'x-two');
    assert.equal((await given([...two, ['x-two', '1'], ['X-Two', ''], ['x-two', '2']])).status, 200);
  }));

test('what is signed is what the handlers see, where Node shows the first field only', () =>
  serving({}, async (given, lines) => {
    const fields = () => signed({ also: { 'content-type': 'a/b' } });
    assert.equal((await given(fields())).seen.headers['content-type'], 'a/b');
    assert.equal((await given([['content-type', ''], ...fields()])).status, 401);
    assert.match(lines.at(-1), /signature duplicate/);
    const two = signed({ also: { 'content-type': 'a/b,c/d' } }).filter(([name]) => name !== 'content-type');
    assert.equal((await given([...two, ['content-type', 'a/b'], ['content-type', 'c/d']])).status, 401);
  }));

test('somebody who answers first is the one who has answered', async () => {
  let remembered;
  const replay = { first: () => new Promise((resolve) => (remembered = resolve)) };
  let handled = 0;
  const app = express();
  app.use((req, res, next) => {
    setTimeout(() => res.status(503).end('late'), 30);
    next();
  });
  app.use(signatureGuard({ secrets: SECRETS, logger: recorder(), replay }));
  app.use(() => (handled += 1));
  await listening(app, async (port) => {
    for (const isNew of [true, false]) {
      assert.equal((await ask(port, signed(), { target: '/orders' })).status, 503);
      remembered(isNew);
      await new Promise(setImmediate);
    }
    assert.equal(handled, 0);
  });
});

test('slashes and dots of a path are not made anything else', () => {
  const guard = signatureGuard({ secrets: SECRETS, logger: recorder() });
  return listening(express().use(guard, (_, res) => res.end()), async (port) => {
    for (const target of ['//orders', '/a//b', '/a/./b', '/a/../b']) {
      const fields = signed({ target });
      const tidy = target.replace(/\/\.\.?\/|\/\//, '/');
      assert.match(await send(port, head('GET', tidy, [...fields, ['connection', 'close']])), /^HTTP\/1\.1 401 /);
      assert.match(await send(port, head('GET', target, [...fields, ['connection', 'close']])), /^HTTP\/1\.1 200 /);
    }
  });
});

const PEM = 'publicKeys';
const UNUSABLE = {
  'a key id with a slash': [{ secrets: { 'team/gateway': SECRET } }, /cannot have the key id "team\/gateway"/],
  'a key id with a comma': [{ secrets: { 'a,b': SECRET } }, /key id/],
  'a key id with a space': [{ secrets: { 'a b': SECRET } }, /key id/],
  'an empty key id': [{ secrets: { '': SECRET } }, /key id/],
  'a key id beyond ASCII': [{ secrets: { ä: SECRET } }, /key id/],
  'a public key with such an id': [{ [PEM]: { 'a/b': 'none' } }, /publicKeys: the gateway cannot have/],
  'no public key': [{ [PEM]: { a: 'none' } }, /publicKeys\.a: this is no P-256/],
  'a secret with a space before': [{ secrets: { a: ` ${SECRET}` } }, /secrets\.a: a secret begins or ends/],
  'a secret with a space behind': [{ secrets: { a: `${SECRET} ` } }, /begins or ends/],
  'a secret with a line break': [{ secrets: { a: `${SECRET}\n` } }, /control character/],
  'a next secret with a tab behind': [{ secrets: { a: [SECRET, `${SECRET}\t`] } }, /begins or ends/],
  'a short secret': [{ secrets: { a: 'short' } }, /16 bytes/],
  'three secrets': [{ secrets: { a: [SECRET, SECRET, SECRET] } }, /one secret or two/],
  'an unset variable': [{ secrets: { a: undefined } }, /unset variable/],
  'a secret that is a number': [{ secrets: { a: 12345678901234567890 } }, /as text/],
  'a list of secrets': [{ secrets: [SECRET] }, /object of key ids/],
  'a limit that is no number': [{ secrets: SECRETS, bodyLimit: '1mb' }, /bodyLimit: give a number/],
  'no limit': [{ secrets: SECRETS, bodyLimit: NaN }, /bodyLimit/],
  'an endless window': [{ secrets: SECRETS, window: Infinity }, /window/],
  'no window': [{ secrets: SECRETS, window: 0 }, /window/],
  'a window in words': [{ secrets: SECRETS, window: '300' }, /window/],
  'false in words': [{ secrets: SECRETS, unsignedPayload: 'false' }, /unsignedPayload: use true or false/],
  'one host in place of a list': [{ secrets: SECRETS, hosts: 'orders.internal' }, /hosts: give a list/],
  'an unset host': [{ secrets: SECRETS, hosts: [undefined] }, /hosts/],
  'a misspelt option': [{ secrets: SECRETS, host: ['orders.internal'] }, /host: not an option/],
  'no store': [{ secrets: SECRETS, replay: new Map() }, /replay: give a store/],
  'another mode': [{ secrets: SECRETS, mode: 'off' }, /mode: "off"/],
};

for (const [name, [options, message]] of Object.entries(UNUSABLE)) {
  test(`start-up error: ${name}`, () => {
    const check = (error) => {
      assert.ok(error instanceof GuardConfigurationError);
      assert.match(error.message, message);
      return !error.message.includes(SECRET) && !error.message.includes('1234');
    };
    assert.throws(() => signatureGuard({ logger: recorder(), ...options }), check);
  });
}
