'use strict';

// What the handlers and parsers behind the guard of signatures see of a body: the same as without it.

const assert = require('node:assert/strict');
const http = require('node:http');
const net = require('node:net');
const { PassThrough, Readable } = require('node:stream');
const { test } = require('node:test');
const { setTimeout: after } = require('node:timers/promises');
const { signatureGuard } = require('../index.js');
const { head, listening, recorder, send } = require('../support/http.js');
const { KEY_ID, SECRET, signed } = require('../support/signer.js');

const VERSIONS = { 'Express 4': require('express4'), 'Express 5': require('express') };
const JSON_TYPE = { 'content-type': 'application/json' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };

/** Each answers with what it read of the body. */
const READERS = {
  events: () => (req, res) => {
    let text = '';
    req.setEncoding('latin1').on('data', (chunk) => (text += chunk)).on('end', () => res.end(`read ${text}`));
  },
  'events, asked for late': () => async (req, res) => {
    await after(30);
    READERS.events()(req, res);
  },
  iteration: () => async (req, res) => res.end(`read ${(await req.toArray()).join('')}`),
  pipe: () => (req, res) => {
    res.write('read ');
    req.pipe(new PassThrough()).pipe(res);
  },
  'readable events': () => (req, res) => {
    let text = '';
    const take = () => {
      for (let chunk = req.read(); chunk !== null; chunk = req.read()) text += chunk;
    };
    req.on('readable', take).on('end', () => res.end(`read ${text}`));
  },
  raw: (express) => [
    express.raw({ type: () => true, limit: '4mb' }),
    (req, res) => res.end(`read ${Buffer.isBuffer(req.body) ? req.body.toString('latin1') : ''}`),
  ],
};

function signing(options) {
  return signatureGuard({ secrets: { [KEY_ID]: SECRET }, logger: recorder(), ...options });
}

function serving(express, handlers, use, options = {}) {
  const app = express().disable('x-powered-by').use(signing(options));
  app.use(...[handlers].flat());
  return listening(app, use);
}

const CLOSE = ['connection', 'close'];

/** A request in pieces: its head, and its body in chunks, each in a packet of its own or all in one. */
function pieces({ body, chunked, together, also, method = 'POST', payload, target = '/orders' }) {
  const fields = [...signed({ method, target, body: body ?? '', also, payload }), CLOSE];
  if (chunked) fields.push(['transfer-encoding', 'chunked']);
  else if (body !== undefined) fields.push(['content-length', Buffer.byteLength(body, 'latin1')]);
  const half = (body?.length ?? 0) >> 1;
  const parts = body ? [body.slice(0, half), body.slice(half)].filter(Boolean) : [];
  const inChunks = [...parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`), '0\r\n\r\n'];
  const all = [head(method, target, fields), ...(chunked ? inChunks : parts)];
  return together ? [all.join('')] : all;
}

const SHAPES = {
  'GET without a body': { method: 'GET' },
  'POST without a body': {},
  'POST of length 0': { body: '' },
  'POST of no chunks': { body: '', chunked: true },
  'POST of no chunks, in one packet': { body: '', chunked: true, together: true },
  'POST in one packet': { body: 'a body', together: true },
  'POST in packets': { body: 'a body' },
  'POST in chunks': { body: 'a body', chunked: true },
  'POST in chunks, in one packet': { body: 'a body', chunked: true, together: true },
  'POST of 1 MiB': { body: 'x'.repeat(1024 * 1024) },
  'POST of 1 MiB in chunks': { body: 'y'.repeat(1024 * 1024), chunked: true },
  'DELETE with a body': { method: 'DELETE', body: 'a body' },
};

for (const [version, express] of Object.entries(VERSIONS)) {
  for (const [name, reader] of Object.entries(READERS)) {
    test(`${version}, read by ${name}: every body is there, and so is its end`, async (context) => {
      for (const [shape, given] of Object.entries(SHAPES)) {
        await context.test(shape, () =>
          serving(express, reader(express), async (port) => {
            const answer = await send(port, ...pieces(given));
            assert.match(answer, /^HTTP\/1\.1 200 /);
            assert.ok(unchunked(answer) === `read ${given.body ?? ''}`, answer.slice(0, 300));
          }),
        );
      }
    });
  }

  test(`${version}: parsers do as they do without the guard`, async () => {
    const parsers = [express.json(), express.urlencoded({ extended: false }), express.text()];
    const show = (req, res) => res.end(`read ${JSON.stringify(req.body) ?? ''}`);
    const bare = express().disable('x-powered-by').use(...parsers, show);
    const cases = [
      { body: '{ "amount": 1 }', also: JSON_TYPE }, { body: 'a=1&b=%20', also: FORM_TYPE }, { also: JSON_TYPE },
      { body: '', also: JSON_TYPE }, { body: '', also: FORM_TYPE }, { body: '', chunked: true, also: FORM_TYPE },
      { body: 'text', also: { 'content-type': 'text/plain' }, chunked: true }, { method: 'GET', also: JSON_TYPE },
    ];
    for (const given of cases) {
      const wanted = await listening(bare, (port) => send(port, ...pieces(given)));
      const answer = await serving(express, [...parsers, show], (port) => send(port, ...pieces(given)));
      assert.equal(undated(answer), undated(wanted), JSON.stringify(given));
    }
  });

  test(`${version}: a body that was read before the guard is an error that says what to do`, async () => {
    const logger = recorder();
    for (const mode of ['enforce', 'observe']) {
      const app = express().use(express.json(), signing({ mode, logger }), (req, res) => res.end('read'));
      app.use((error, req, res, next) => res.status(500).end(`${error.message} ${typeof next}`));
      await listening(app, async (port) => {
        const answer = await send(port, ...pieces({ body: '{"a":1}', also: JSON_TYPE }));
        assert.match(answer, mode === 'observe' ? /^HTTP\/1\.1 200/ : /^HTTP\/1\.1 500[^]*mount the guard before body/);
        for (const body of [undefined, '']) {
          const none = await send(port, ...pieces({ body, also: JSON_TYPE }));
          assert.match(none, /^HTTP\/1\.1 200 /, 'nothing was to be read');
        }
        assert.match(await send(port, ...pieces({ body: 'text' })), /^HTTP\/1\.1 200 /, 'nothing was read');
      });
    }
    assert.match(logger.lines.join('\n'), /could not be judged: [^\n]*mount the guard before body parsers/);
  });
}

function unchunked(answer) {
  const [top, ...rest] = answer.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  if (!/transfer-encoding: chunked/i.test(top)) return body;
  let [text, at] = ['', 0];
  for (let size = 1; size > 0; ) {
    const line = body.indexOf('\r\n', at);
    size = Number.parseInt(body.slice(at, line), 16);
    text += body.slice(line + 2, line + 2 + size);
    at = line + 4 + size;
  }
  return text;
}

function undated(answer) {
  return answer.replace(/^date: .*\r\n/im, '');
}

const { 'Express 5': express } = VERSIONS;

test('a body can be handed to fetch, which takes none that somebody has read', async () => {
  const far = http.createServer((req, res) => req.pipe(res));
  await listening(far, async (there) => {
    const relay = async (req, res) => {
      assert.equal(Readable.isDisturbed(req), false);
      const answer = await fetch(`http://127.0.0.1:${there}/`, { method: 'POST', body: req, duplex: 'half' });
      res.end(`read ${await answer.text()}`);
    };
    await serving(express, relay, async (port) => {
      assert.match(await send(port, ...pieces({ body: 'a body', chunked: true })), /read a body$/);
    });
  });
});

/** Sends a head that announces a body, and nothing of it; resolves with the answer. */
function announced(port, fields) {
  return send(port, head('POST', '/orders', [...fields, CLOSE, ['content-length', '1000']]));
}

test('nobody waits for the body of a request that is not signed', () =>
  serving(express, READERS.events(), async (port) => {
    const right = signed({ method: 'POST', body: 'x' });
    const wrong = [
      [['host', 'origin']],
      signed({ method: 'POST', body: 'x', secret: 'another-secret-of-somebody' }),
      signed({ method: 'POST', body: 'x', key: 'somebody' }),
      signed({ method: 'POST', body: 'x', at: Date.now() / 1000 - 400 }),
      [...right, ['x-role', 'admin']],
    ];
    for (const fields of wrong) assert.match(await announced(port, fields), /^HTTP\/1\.1 401 /);
  }));

test('a body is compared with what is signed, and a request that failed so can still come', () =>
  serving(express, READERS.events(), async (port) => {
    const fields = [...signed({ method: 'POST', body: 'amount=1' }), CLOSE, ['content-length', '8']];
    const top = head('POST', '/orders', fields);
    assert.match(await send(port, top, 'amount=9'), /^HTTP\/1\.1 401 /);
    assert.match(await send(port, top, 'amount=1'), /^HTTP\/1\.1 200 /);
    assert.match(await send(port, top, 'amount=1'), /^HTTP\/1\.1 401 /);
    const none = head('POST', '/orders', [...signed({ method: 'POST', body: 'amount=1' }), CLOSE]);
    assert.match(await send(port, none), /^HTTP\/1\.1 401 /, 'a body that is left out');
  }));

test('a body that comes when its signature has ended is refused', async () => {
  const at = Math.floor(Date.now() / 1000);
  let now = at;
  const options = { now: () => now };
  const late = async (port) => {
    const fields = [...signed({ method: 'POST', body: 'x', at }), CLOSE, ['content-length', '1']];
    const answer = send(port, head('POST', '/orders', fields), '', '', '', '', 'x');
    await after(50);
    now = at + 301;
    assert.match(await answer, /^HTTP\/1\.1 401 /);
  };
  await serving(express, READERS.events(), late, options);
});

test('a body has a limit, whether its length is told or not', async () => {
  const logger = recorder();
  const limited = async (port) => {
    assert.match(await send(port, ...pieces({ body: 'x'.repeat(10) })), /^HTTP\/1\.1 200 /);
    assert.match(await announced(port, signed({ method: 'POST', body: 'x' })), /^HTTP\/1\.1 401 /);
    assert.match(await send(port, ...pieces({ body: 'x'.repeat(11), chunked: true })), /^HTTP\/1\.1 401 /);
    assert.match(logger.lines.at(-1), /signature over a body larger than the guard reads/);
  };
  await serving(express, READERS.events(), limited, { bodyLimit: 10, logger });
});

test('only watched, a body that is too large or not the signed one comes through whole', async () => {
  const options = { bodyLimit: 10, mode: 'observe' };
  const body = 'x'.repeat(300_000);
  for (const [name, reader] of Object.entries(READERS)) {
    await serving(express, reader(express), async (port) => {
      for (const chunked of [true, false]) {
        const answer = unchunked(await send(port, ...pieces({ body, chunked })));
        assert.ok(answer === `read ${body}`, `${name}: ${answer.length}`);
      }
      const other = [...signed({ method: 'POST', body: 'other' }), CLOSE, ['content-length', '4']];
      assert.match(await send(port, head('POST', '/orders', other), 'body'), /200 OK[^]*body/);
    }, options);
  }
});

test('fields behind a body are not covered: they are refused', async () => {
  const logger = recorder();
  await serving(express, READERS.events(), async (port) => {
    const [top] = pieces({ body: 'abc', chunked: true });
    assert.match(await send(port, top, '3\r\nabc\r\n0\r\nx-role: admin\r\n\r\n'), /^HTTP\/1\.1 401 /);
    assert.match(logger.lines.at(-1), /beside a header that it does not cover/);
  }, { logger });
});

test('a body that is not signed has no limit, is not read, and nobody sees what stands behind it', async () => {
  const options = { unsignedPayload: true, bodyLimit: 10 };
  const show = (req, res) => {
    const seen = () => [req.rawTrailers, req.trailers, req.trailersDistinct];
    let length = 0;
    req.on('data', (chunk) => (length += chunk.length));
    req.on('end', () => res.end(`${length} ${JSON.stringify(seen())}`));
  };
  await serving(express, show, async (port) => {
    const body = 'x'.repeat(2_000_000);
    assert.match(await send(port, ...pieces({ body, payload: 'UNSIGNED-PAYLOAD' })), /2000000 \[\[\],\{\},\{\}\]$/);
    const [top] = pieces({ body, chunked: true, payload: 'UNSIGNED-PAYLOAD' });
    assert.match(await send(port, top, '3\r\nabc\r\n0\r\nx-role: admin\r\n\r\n'), /3 \[\[\],\{\},\{\}\]$/);
  }, options);
  await serving(express, (req, res) => res.end('at once'), async (port) => {
    const fields = signed({ method: 'POST', payload: 'UNSIGNED-PAYLOAD' });
    assert.match(await announced(port, fields), /200 OK[^]*at once$/, 'before its body comes');
  }, options);
  await serving(express, show, async (port) => {
    assert.match(await send(port, ...pieces({ body: 'x', payload: 'UNSIGNED-PAYLOAD' })), /^HTTP\/1\.1 401 /);
  });
});

test('a caller who leaves in the middle of a body is nobody\'s error', async () => {
  const errors = [];
  const app = express().use(signing()).use(READERS.events());
  app.use((error, req, res, next) => {
    errors.push(error);
    next();
  });
  await listening(app, async (port) => {
    const [top] = pieces({ body: 'a body' });
    const socket = net.connect(port, '127.0.0.1', () => socket.write(`${top}a b`));
    await after(50);
    socket.resetAndDestroy();
    await after(50);
    assert.match(await send(port, ...pieces({ body: 'a body' })), /200 OK[^]*read a body$/);
    assert.deepEqual(errors, []);
  });
});
