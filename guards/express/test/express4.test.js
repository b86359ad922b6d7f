'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const express = require('express4');
const { secretGuard, signatureGuard, tokenGuard } = require('../index.js');
const { ask, listening, recorder } = require('../support/http.js');
const { ISSUER, Issuer } = require('../support/issuer.js');
const { KEY_ID, SECRET, signed } = require('../support/signer.js');

/** Asks a guarded application, also where the guard stands on a path, with the proof and without it. */
async function both(guard, proof) {
  const app = express().use('/a', guard, (req, res) => res.json({ names: Object.keys(req.headers) }));
  await listening(app, async (port) => {
    const refused = await ask(port, [], { target: '/a/b?c=1' });
    assert.deepEqual([refused.status, JSON.parse(refused.body).instance], [401, '/a/b']);
    const admitted = await ask(port, proof, { target: '/a/b?c=1' });
    assert.equal(admitted.status, 200);
    assert.ok(!JSON.parse(admitted.body).names.includes('backend-secret'));
  });
}

test('each guard works in Express 4, mounted on a path', async () => {
  const logger = recorder();
  await both(secretGuard({ secrets: SECRET, logger }), [['backend-secret', SECRET]]);
  await both(signatureGuard({ secrets: { [KEY_ID]: SECRET }, logger }), signed({ target: '/a/b?c=1' }));
  const issuer = new Issuer();
  await listening(issuer.serve, async (keys) => {
    const guard = tokenGuard({ issuer: ISSUER, audience: 'orders', jwks: `http://127.0.0.1:${keys}/`, logger });
    await both(guard, [['authorization', `Bearer ${issuer.token()}`]]);
  });
});
