'use strict';

const assert = require('node:assert/strict');
const { createHmac, generateKeyPairSync, sign } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const express = require('express');
const { GuardConfigurationError, tokenGuard } = require('../index.js');
const { ask, listening, recorder } = require('../support/http.js');
const { ISSUER, Issuer, encoded, now } = require('../support/issuer.js');

const DAY = 86_400;

/** Serves the keys and a guarded application while `use({ issuer, ask, lines })` runs. */
function guarded(options, use) {
  const issuer = new Issuer();
  const logger = recorder();
  return listening(issuer.serve, async (port) => {
    const jwks = `http://127.0.0.1:${port}/jwks.json`;
    const app = express();
    app.use(tokenGuard({ issuer: ISSUER, audience: 'orders', jwks, logger, ...options }));
    app.use((req, res) => res.json({ headers: Object.keys(req.headers), verdict: req.wicketgateGuard }));
    await listening(app, (at) => {
      const send = (...values) => ask(at, values.map((value) => ['Authorization', value]));
      return use({ issuer, lines: logger.lines, ask: send });
    });
  });
}

test('the right token passes, and the handlers do not see it', async () => {
  await guarded({ claims: { installation: 'berlin' } }, async ({ issuer, ask: send }) => {
    const answer = await send(`Bearer ${issuer.token()}`);
    assert.equal(answer.status, 200);
    const seen = JSON.parse(answer.body);
    assert.equal(seen.verdict, 'accepted');
    assert.ok(!seen.headers.includes('authorization'));
  });
});

const WRONG = {
  'another audience': [{ aud: 'billing' }, 'for another audience'],
  'several audiences': [{ aud: ['orders', 'billing'] }, 'for another audience'],
  'no audience': [{ aud: undefined }, 'for another audience'],
  'another issuer': [{ iss: 'https://evil.example.com' }, 'of another issuer'],
  'no issuer': [{ iss: undefined }, 'of another issuer'],
  expired: [{ exp: now() - 90 }, 'expired'],
  'no end': [{ exp: undefined }, 'mismatch'],
  'too long a life': [{ exp: now() + DAY }, 'mismatch'],
  'made in the future': [{ iat: now() + 600, exp: now() + 900 }, 'not valid yet: compare the clocks'],
  'not valid yet': [{ nbf: now() + 600, exp: now() + 900 }, 'not valid yet: compare the clocks'],
  'another claim': [{ installation: 'paris' }, 'with another claim'],
  'no claim': [{ installation: undefined }, 'with another claim'],
  'no subject': [{ sub: undefined }, 'mismatch'],
};

test('a wrong claim is refused, and the log says which', async (t) => {
  for (const [name, [claims, verdict]] of Object.entries(WRONG)) {
    await t.test(name, () =>
      guarded({ claims: { installation: 'berlin' } }, async ({ issuer, lines, ask: send }) => {
        const token = issuer.token(claims);
        const answer = await send(`Bearer ${token}`);
        assert.equal(answer.status, 401);
        assert.equal(answer.headers['content-type'], 'application/problem+json');
        assert.ok(lines.at(-1).includes(`token ${verdict},`), lines.at(-1));
        assert.ok(!lines.join().includes(token));
      }),
    );
  }
});

test('clocks may differ by a minute', async () => {
  await guarded({}, async ({ issuer, ask: send }) => {
    assert.equal((await send(`Bearer ${issuer.token({ exp: now() - 50 })}`)).status, 200);
    assert.equal((await send(`Bearer ${issuer.token({ iat: now() + 50 })}`)).status, 200);
  });
});

test('the algorithm is the guard\'s choice', async () => {
  await guarded({}, async ({ issuer, ask: send }) => {
    const [, payload] = issuer.token().split('.');
    const unsigned = `${encoded({ alg: 'none', kid: 'k1' })}.${payload}.`;
    assert.equal((await send(`Bearer ${unsigned}`)).status, 401);
    // The public key taken for a shared secret.
    const pem = issuer.keys.get('k1').publicKey.export({ type: 'spki', format: 'pem' });
    const head = `${encoded({ alg: 'HS256', kid: 'k1' })}.${payload}`;
    const forged = `${head}.${createHmac('sha256', pem).update(head).digest('base64url')}`;
    assert.equal((await send(`Bearer ${forged}`)).status, 401);
  });
  await guarded({ algorithms: ['RS256'] }, async ({ issuer, ask: send }) => {
    assert.equal((await send(`Bearer ${issuer.token()}`)).status, 401);
  });
});

test('each algorithm verifies with the keys that it is for', async (t) => {
  const made = {
    RS256: [generateKeyPairSync('rsa', { modulusLength: 2048 }), 'sha256'],
    EdDSA: [generateKeyPairSync('ed25519'), null],
  };
  for (const [alg, [pair, hash]] of Object.entries(made)) {
    await t.test(alg, () =>
      guarded({ algorithms: [alg] }, async ({ issuer, ask: send }) => {
        const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'k9', use: 'sig', alg };
        issuer.body = JSON.stringify({ keys: [jwk] });
        const [, payload] = issuer.token().split('.');
        const head = `${encoded({ alg, kid: 'k9' })}.${payload}`;
        const right = sign(hash, Buffer.from(head), pair.privateKey).toString('base64url');
        assert.equal((await send(`Bearer ${head}.${right}`)).status, 200);
        assert.equal((await send(`Bearer ${head}x.${right}`)).status, 401);
      }),
    );
  }
});

test('a stranger\'s key is refused', async () => {
  await guarded({}, async ({ issuer, ask: send }) => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    assert.equal((await send(`Bearer ${issuer.token({ pair })}`)).status, 401);
  });
});

test('what is no token is refused', async () => {
  await guarded({}, async ({ issuer, ask: send }) => {
    const right = `Bearer ${issuer.token()}`;
    const wrong = [
      [], ['Bearer'], ['Bearer a.b.c'], ['Basic dXM6aXQ='], [`Bearer ${'x'.repeat(9000)}`], [right, right],
      [`${right} more`], [`${right}\xa0`],
    ];
    for (const values of wrong) assert.equal((await send(...values)).status, 401, String(values));
    assert.equal((await send(right)).status, 200);
  });
});

test('a token counts once where that is asked', async () => {
  await guarded({ once: true }, async ({ issuer, lines, ask: send }) => {
    const token = `Bearer ${issuer.token()}`;
    assert.deepEqual([(await send(token)).status, (await send(token)).status], [200, 401]);
    assert.ok(lines.at(-1).includes('used before'));
    assert.equal((await send(`Bearer ${issuer.token({ jti: undefined })}`)).status, 401);
  });
});

test('invented keys make no flood of fetches', async () => {
  await guarded({}, async ({ issuer, ask: send }) => {
    assert.equal((await send(`Bearer ${issuer.token()}`)).status, 200);
    for (let number = 0; number < 30; number += 1) {
      const [, ...rest] = issuer.token().split('.');
      const head = encoded({ alg: 'ES256', kid: `invented-${number}` });
      assert.equal((await send(`Bearer ${[head, ...rest].join('.')}`)).status, 401);
    }
    assert.equal(issuer.fetched, 1);
  });
});

test('invented keys at a slow issuer hold up nobody whose key is known', async (context) => {
  await guarded({}, async ({ issuer, ask: send }) => {
    assert.equal((await send(`Bearer ${issuer.token()}`)).status, 200);
    const clock = performance.now.bind(performance);
    context.mock.method(performance, 'now', () => clock() + 31_000);
    let answer;
    issuer.answers = new Promise((resolve) => (answer = resolve));
    let waiting = 100;
    const ended = () => (waiting -= 1);
    const invented = Array.from({ length: 100 }, (_, number) => {
      const pair = issuer.keys.get('k1');
      return send(`Bearer ${issuer.token({ kid: `invented-${number}`, pair })}`).finally(ended);
    });
    for (const end = Date.now() + 5_000; issuer.fetched < 2; ) {
      assert.ok(Date.now() < end);
      await new Promise(setImmediate);
    }
    const known = await Promise.all(Array.from({ length: 20 }, () => send(`Bearer ${issuer.token()}`)));
    assert.deepEqual(known.map(({ status }) => status), Array(20).fill(200));
    assert.equal(waiting, 100);
    answer();
    assert.deepEqual((await Promise.all(invented)).map(({ status }) => status), Array(100).fill(401));
    assert.equal(issuer.fetched, 2);
  });
});

test('of a key set without end no more is read than a key set can have', async () => {
  let sent = 0;
  let closed;
  const gone = new Promise((resolve) => (closed = resolve));
  const [part, most] = [Buffer.alloc(64 * 1024, 0x20), 64 * 1024 * 1024];
  const endless = (req, res) => {
    const more = () => {
      sent += part.length;
      if (sent > most) res.end();
      else if (res.write(part)) setImmediate(more);
    };
    res.on('drain', more).on('close', closed);
    more();
  };
  await listening(endless, (port) =>
    guarded({ jwks: `http://127.0.0.1:${port}/` }, async ({ issuer, lines, ask: send }) => {
      assert.equal((await send(`Bearer ${issuer.token()}`)).status, 401);
      await gone;
      assert.ok(sent < most / 2, `${sent} bytes`);
      assert.match(lines.at(-2), /cannot refresh the keys of \S+: more than 262144 bytes/);
    }),
  );
});

test('nobody is refused while the keys are fetched', async () => {
  await guarded({}, async ({ issuer, ask: send }) => {
    issuer.answers = new Promise((resolve) => setTimeout(resolve, 200));
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(`Bearer ${issuer.token()}`)));
    assert.deepEqual(answers.map(({ status }) => status), Array(8).fill(200));
    assert.equal(issuer.fetched, 1);
  });
});

test('without any keys the issuer is asked again soon', async () => {
  await guarded({}, async ({ issuer, ask: send }) => {
    issuer.status = 503;
    assert.equal((await send(`Bearer ${issuer.token()}`)).status, 401);
    issuer.status = 200;
    const end = Date.now() + 10_000;
    while ((await send(`Bearer ${issuer.token()}`)).status !== 200) assert.ok(Date.now() < end);
  });
});

test('without keys nobody enters, and a redirect is not followed', async () => {
  for (const trouble of [{ status: 500 }, { status: 302 }, { body: '{' }]) {
    await guarded({}, async ({ issuer, ask: send }) => {
      Object.assign(issuer, trouble);
      assert.equal((await send(`Bearer ${issuer.token()}`)).status, 401, 'no key, no entry');
    });
  }
});

test('keys from a file are read again when it changes', async (context) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'guard-'));
  context.after(() => fs.rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'jwks.json');
  const issuer = new Issuer();
  fs.writeFileSync(file, issuer.keySet());
  await guarded({ jwks: file }, async ({ ask: send }) => {
    assert.equal((await send(`Bearer ${issuer.token()}`)).status, 200);
    issuer.newKey('k2');
    fs.writeFileSync(file, issuer.keySet());
    assert.equal((await send(`Bearer ${issuer.token({ kid: 'k2' })}`)).status, 200);
  });
});

test('what would let anybody in is no guard', () => {
  const right = { issuer: ISSUER, audience: 'orders' };
  const wrong = [
    { issuer: '' }, { audience: '' }, { issuer: 'http://gateway.example.com' }, { jwks: 'http://a.example.com/k' },
    { algorithms: [] }, { algorithms: ['none'] }, { algorithms: ['HS256'] }, { mode: 'off' }, { header: 'x_token' },
    { audience: ['orders'] }, { claims: { installation: undefined } }, { claims: { installation: '' } }, { once: 'no' },
    { replay: { first: () => true } }, { once: true, replay: {} }, { jwks: 'https://user:password@a.example.com/k' },
    { algorithm: 'ES256' },
  ];
  for (const options of wrong) {
    assert.throws(() => tokenGuard({ ...right, ...options }), GuardConfigurationError, JSON.stringify(options));
  }
});

test('watching lets through and says so', async () => {
  await guarded({ mode: 'observe' }, async ({ issuer, lines, ask: send }) => {
    assert.equal((await send(`Bearer ${issuer.token({ aud: 'x' })}`)).status, 200);
    assert.ok(lines.at(-1).includes('observe mode'));
  });
});
