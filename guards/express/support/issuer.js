'use strict';

// An issuer of tokens: its keys, and what it signs.

const { generateKeyPairSync, sign } = require('node:crypto');

const ISSUER = 'https://gateway.example.com/__zuplo/issuer';

function now() {
  return Math.floor(Date.now() / 1000);
}

function encoded(value) {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

class Issuer {
  keys = new Map();
  fetched = 0;
  status = 200;
  body;

  /** Answers with the keys; `status`, `body` and `answers`, a promise to wait for, make it another answer. */
  serve = async (_, res) => {
    this.fetched += 1;
    await this.answers;
    res.writeHead(this.status, { 'cache-control': 'public, max-age=300', location: '/elsewhere' });
    res.end(this.body ?? this.keySet());
  };

  constructor() {
    this.newKey('k1');
  }

  newKey(kid) {
    this.keys.set(kid, generateKeyPairSync('ec', { namedCurve: 'P-256' }));
  }

  keySet() {
    const keys = [...this.keys].map(([kid, pair]) => ({
      ...pair.publicKey.export({ format: 'jwk' }),
      kid,
      use: 'sig',
      alg: 'ES256',
    }));
    return JSON.stringify({ keys });
  }

  token({ kid = 'k1', pair = this.keys.get(kid), ...changed } = {}) {
    const claims = {
      iss: ISSUER, aud: 'orders', sub: 'wicket:berlin:orders', installation: 'berlin',
      iat: now(), nbf: now() - 30, exp: now() + 300, jti: Math.random().toString(36), ...changed,
    };
    const signed = `${encoded({ alg: 'ES256', typ: 'JWT', kid })}.${encoded(claims)}`;
    const signature = sign('sha256', Buffer.from(signed), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  }
}

module.exports = { ISSUER, Issuer, encoded, now };
