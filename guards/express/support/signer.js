'use strict';

// Signs as the gateway does, written down once more: for targets that are canonical already.

const { createHash, createHmac, randomUUID } = require('node:crypto');

const KEY_ID = 'gateway';
const SECRET = 'the-secret-that-signs-requests';

function sha256(data) {
  return createHash('sha256').update(data).digest('hex');
}

function dateOf(at) {
  return new Date(at * 1000).toISOString().replace(/[-:]|\.\d+/g, '');
}

function keyFor(secret, scope) {
  return scope.split('/').reduce((key, part) => createHmac('sha256', key).update(part).digest(), `AWS4${secret}`);
}

/**
 * Returns the fields of a signed request as pairs. `also`: further fields that are signed; `at`: unix seconds;
 * `payload`: what stands for the hash of the body.
 */
function signed({
  method = 'GET', target = '/orders', body = '', also = {}, at = Date.now() / 1000, payload = sha256(body),
  key = KEY_ID, secret = SECRET,
} = {}) {
  const date = dateOf(at);
  const fields = {
    host: 'origin', 'x-amz-content-sha256': payload, 'x-amz-date': date, 'x-request-id': randomUUID(), ...also,
  };
  const names = Object.keys(fields).sort();
  const [path, query = ''] = target.split('?');
  const lines = names.map((name) => `${name}:${fields[name]}\n`).join('');
  const canonical = [method, path, query, lines, names.join(';'), payload].join('\n');
  const scope = `${date.slice(0, 8)}/origin/wicketgate/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256(Buffer.from(canonical, 'latin1'))].join('\n');
  const signature = createHmac('sha256', keyFor(secret, scope)).update(text).digest('hex');
  const proof = `AWS4-HMAC-SHA256 Credential=${key}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return [...Object.entries(fields), ['authorization', proof]];
}

module.exports = { KEY_ID, SECRET, signed };
