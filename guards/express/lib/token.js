'use strict';

// The decision about a token of the gateway's: issuer, audience and algorithms are fixed here, never by the token.

const { createPublicKey, verify } = require('node:crypto');
const { KeySet, checkUrl } = require('./keys');
const { checkFlags, checkList, checkReplay, checkTexts } = require('./options');
const { MemoryReplayStore, onceOnly } = require('./replay');
const { GuardConfigurationError } = require('./secrets');

const SKEW = 60;
const LONGEST_LIFE = 3600;
const MOST_BYTES = 8192;
/** JSON Web Signature algorithms (RFC 7518 section 3.1, RFC 8037) and the keys that they are for. */
const ALGORITHMS = {
  ES256: { kty: 'EC', crv: 'P-256', hash: 'sha256', options: { dsaEncoding: 'ieee-p1363' } },
  RS256: { kty: 'RSA', crv: undefined, hash: 'sha256', options: {} },
  EdDSA: { kty: 'OKP', crv: 'Ed25519', hash: null, options: {} },
};

function checkOptions({ issuer, audience, algorithms, claims, once, replay }) {
  checkTexts({ issuer, audience });
  checkUrl(issuer, 'issuer');
  // A claim that must be undefined is one that a token need not have.
  checkTexts(claims);
  checkFlags({ once });
  checkList('algorithms', algorithms);
  checkReplay(replay);
  if (replay && !once) throw new GuardConfigurationError('replay: is of no use without once: true.');
  const unknown = algorithms.filter((name) => !Object.hasOwn(ALGORITHMS, name));
  if (algorithms.length === 0 || unknown.length > 0) {
    throw new GuardConfigurationError(
      `algorithms: ${unknown.join(', ') || 'none'}. Use ${Object.keys(ALGORITHMS).join(', ')}.`,
    );
  }
}

function parsed(part) {
  const found = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  if (found === null || typeof found !== 'object' || Array.isArray(found)) throw new SyntaxError('not an object');
  return found;
}

function split(token) {
  const parts = token.split('.');
  if (parts.length !== 3 || token.length > MOST_BYTES) return undefined;
  if (!parts.every((part) => /^[\w-]+$/.test(part))) return undefined;
  try {
    return { header: parsed(parts[0]), claims: parsed(parts[1]), parts };
  } catch {
    return undefined;
  }
}

/** A key serves the one algorithm that it is for: a public key is never taken for a shared secret. */
function isSigned({ header, parts }, key, algorithms) {
  const known = algorithms.includes(header.alg) ? ALGORITHMS[header.alg] : undefined;
  if (!known || key.kty !== known.kty || key.crv !== known.crv || (key.alg ?? header.alg) !== header.alg) return false;
  if (header.crit !== undefined) return false;
  const publicKey = { key: createPublicKey({ key, format: 'jwk' }), ...known.options };
  return verify(known.hash, Buffer.from(`${parts[0]}.${parts[1]}`), publicKey, Buffer.from(parts[2], 'base64url'));
}

function datesVerdict({ exp, iat, nbf = 0 }, now) {
  if (![exp, iat, nbf].every(Number.isFinite)) return 'mismatch';
  if (now >= exp + SKEW) return 'expired';
  if (iat > now + SKEW || nbf > now + SKEW) return 'not valid yet: compare the clocks';
  return exp - iat > LONGEST_LIFE ? 'mismatch' : 'accepted';
}

/** Judges tokens. See `TokenGuardOptions` in index.d.ts. */
class TokenJudge {
  #options;
  #keys;
  #replay;
  #now;
  #log;

  constructor(options, log) {
    const { issuer, audience, algorithms = ['ES256'], jwks, claims = {}, once = false, replay } = options;
    const { now = () => Date.now() / 1000 } = options;
    checkOptions({ issuer, audience, algorithms, claims, once, replay });
    this.#options = { issuer, audience, algorithms, claims };
    this.#keys = new KeySet(jwks ?? `${issuer}/.well-known/jwks.json`, { log });
    this.#replay = once ? (replay ?? new MemoryReplayStore({ now })) : undefined;
    this.#now = now;
    this.#log = log;
  }

  async judge(token) {
    const found = split(token);
    if (!found) return 'mismatch';
    const key = typeof found.header.kid === 'string' ? await this.#keys.find(found.header.kid) : undefined;
    if (!key) return 'signed with a key that the issuer does not publish';
    try {
      if (!isSigned(found, key, this.#options.algorithms)) return 'mismatch';
    } catch {
      return 'mismatch';
    }
    return this.#claimed(found.claims);
  }

  #claimed(claims) {
    const { issuer, audience, claims: wanted } = this.#options;
    if (claims.iss !== issuer) return 'of another issuer';
    const audiences = Array.isArray(claims.aud) ? claims.aud : [claims.aud];
    if (audiences.length !== 1 || audiences[0] !== audience) return 'for another audience';
    if (typeof claims.sub !== 'string') return 'mismatch';
    const dates = datesVerdict(claims, this.#now());
    if (dates !== 'accepted') return dates;
    if (Object.entries(wanted).some(([name, value]) => claims[name] !== value)) return 'with another claim';
    return this.#firstTime(claims);
  }

  #firstTime({ jti, exp }) {
    if (!this.#replay) return 'accepted';
    if (typeof jti !== 'string' || jti === '') return 'mismatch';
    return onceOnly(this.#replay, jti, exp + SKEW, this.#log);
  }

  toString() {
    return `issuer ${this.#options.issuer}, audience ${this.#options.audience}, keys from ${this.#keys}`;
  }
}

module.exports = { TokenJudge };
