'use strict';

// The decision about a signed request: by whom, over what, when, and for the first time.

const { createHash, createHmac, createPublicKey, timingSafeEqual, verify } = require('node:crypto');
const { canonicalRequest, stringToSign } = require('./canonical');
const { MemoryReplayStore } = require('./replay');
const { GuardConfigurationError, MINIMUM_SECRET_BYTES } = require('./secrets');

const SYMMETRIC = 'AWS4-HMAC-SHA256';
const ASYMMETRIC = 'AWS4-ECDSA-P256-SHA256';
const AUTHORIZATION =
  /^(AWS4-[A-Z0-9-]+) Credential=([^/,\s]+)\/([!-+\--~]+), ?SignedHeaders=([a-z0-9!#$%&'*+.^_`|~;-]+), ?Signature=([0-9a-f]+)$/;
const DATE = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;
const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';
// Without the id of the request two equal ones of one second could not be told from a replay.
const NEEDED = ['host', 'x-amz-content-sha256', 'x-amz-date', 'x-request-id'];
// What changes on the way, so that the gateway leaves it out. Believe none of it.
const NOT_SIGNED = new Set([
  'authorization', 'baggage', 'connection', 'content-length', 'expect', 'keep-alive', 'proxy-connection', 'te',
  'traceparent', 'tracestate', 'trailer', 'transfer-encoding', 'upgrade', 'via', 'x-amzn-trace-id', 'x-forwarded-for',
  'x-forwarded-proto',
]);

function usable(name, given) {
  const values = (Array.isArray(given) ? given : [given]).map((value) => Buffer.from(value ?? ''));
  if (values.length === 0 || values.length > 2 || values.some((value) => value.length < MINIMUM_SECRET_BYTES)) {
    throw new GuardConfigurationError(
      `secrets.${name}: give one secret or two, each of at least ${MINIMUM_SECRET_BYTES} bytes.`,
    );
  }
  return values;
}

function loaded(name, pem) {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails.namedCurve === 'prime256v1') return key;
  } catch {
    // Said below.
  }
  throw new GuardConfigurationError(`publicKeys.${name}: this is no P-256 public key in PEM.`);
}

function mapped(given, use) {
  return new Map(Object.entries(given ?? {}).map(([name, value]) => [name, use(name, value)]));
}

function claimOf(value) {
  const found = AUTHORIZATION.exec(value);
  if (!found) return undefined;
  const [, algorithm, key, scope, signed, signature] = found;
  return { algorithm, key, scope, signed: signed.split(';'), signature };
}

function madeAt(date) {
  const [, ...parts] = DATE.exec(date).map(Number);
  return Date.UTC(parts[0], parts[1] - 1, ...parts.slice(2)) / 1000;
}

/** Judges requests. See `SignatureGuardOptions` in index.d.ts. */
class SignatureJudge {
  #secrets;
  #publicKeys;
  #options;
  #replay;
  #now;

  constructor({
    secrets, publicKeys, service = 'wicketgate', region = 'origin', window = 300, ahead = 60,
    unsignedPayload = false, hosts, unsignedHeaders = [], replay, now = () => Date.now() / 1000,
  }) {
    if (!(window > 0 && ahead >= 0)) {
      throw new GuardConfigurationError('window and ahead: give seconds, such as 300 and 60.');
    }
    this.#secrets = mapped(secrets, usable);
    this.#publicKeys = mapped(publicKeys, loaded);
    if (this.#secrets.size + this.#publicKeys.size === 0) {
      throw new GuardConfigurationError('secrets and publicKeys: none is given. Give the key that the gateway has.');
    }
    this.#options = {
      service, region, window, ahead, unsignedPayload,
      hosts: hosts && new Set(hosts.map((host) => host.toLowerCase())),
      unsignedHeaders: new Set(unsignedHeaders.map((name) => name.toLowerCase())),
    };
    this.#now = now;
    this.#replay = replay ?? new MemoryReplayStore({ now });
  }

  /** `request`: method, target, names, values(name), body. Names are in lower case. */
  judge(request) {
    const values = request.values('authorization');
    if (values.length !== 1) return values.length > 0 ? 'duplicate' : 'missing';
    const claim = claimOf(values[0]);
    if (!claim) return 'missing';
    return this.#dated(request, claim) ?? this.#covered(request, claim) ?? this.#signed(request, claim);
  }

  #dated(request, claim) {
    const dates = request.values('x-amz-date');
    if (dates.length !== 1 || !DATE.test(dates[0])) return 'mismatch';
    if (!claim.scope.startsWith(`${dates[0].slice(0, 8)}/`)) return 'mismatch';
    const age = this.#now() - madeAt(dates[0]);
    if (age > this.#options.window) return 'expired';
    return age < -this.#options.ahead ? 'not valid yet: compare the clocks' : undefined;
  }

  /** Everything that the application may believe must be signed, each name once. */
  #covered(request, { signed }) {
    const names = new Set(signed);
    const ordered = names.size === signed.length && signed.every((name, at) => at === 0 || signed[at - 1] < name);
    if (!ordered || !NEEDED.every((name) => names.has(name))) return 'mismatch';
    if (NEEDED.some((name) => request.values(name).length !== 1)) return 'duplicate';
    // A field without a value says nothing, and is not signed.
    const there = request.names.filter((name) => request.values(name).some((value) => value.trim() !== ''));
    const { hosts, unsignedHeaders } = this.#options;
    const loose = there.filter((name) => !names.has(name) && !NOT_SIGNED.has(name) && !unsignedHeaders.has(name));
    if (loose.length > 0) return 'beside a header that it does not cover';
    return !hosts || hosts.has(request.values('host')[0].toLowerCase()) ? this.#intact(request) : 'for another host';
  }

  #intact(request) {
    const [payload] = request.values('x-amz-content-sha256');
    if (payload === UNSIGNED_PAYLOAD) return this.#options.unsignedPayload ? undefined : 'mismatch';
    return createHash('sha256').update(request.body).digest('hex') === payload ? undefined : 'mismatch';
  }

  #signed(request, claim) {
    const [[date], [payload]] = [request.values('x-amz-date'), request.values('x-amz-content-sha256')];
    const text = stringToSign(claim.algorithm, date, claim.scope, canonicalRequest(request, claim.signed, payload));
    const verdict = this.#verified(request, claim, text);
    if (verdict !== 'accepted') return verdict;
    // Not the signature: one of ECDSA has a twin that is as good.
    const seen = `${claim.key} ${createHash('sha256').update(text).digest('hex')}`;
    return this.#replay.first(seen, madeAt(date) + this.#options.window) ? 'accepted' : 'used before';
  }

  #verified(request, { algorithm, key, scope, signed, signature }, text) {
    const { service, region } = this.#options;
    const day = scope.slice(0, 8);
    if (algorithm === SYMMETRIC && scope === `${day}/${region}/${service}/aws4_request`) {
      const accepted = this.#secrets.get(key);
      return accepted ? matching(accepted, scope, text, signature) : 'of an unknown key';
    }
    if (algorithm === ASYMMETRIC && scope === `${day}/${service}/aws4_request`) {
      const regions = request.values('x-amz-region-set');
      if (!signed.includes('x-amz-region-set') || regions.length !== 1 || regions[0] !== region) return 'mismatch';
      const publicKey = this.#publicKeys.get(key);
      if (!publicKey) return 'of an unknown key';
      return verify('sha256', Buffer.from(text), publicKey, Buffer.from(signature, 'hex')) ? 'accepted' : 'mismatch';
    }
    return 'mismatch';
  }

  toString() {
    const keys = [...this.#secrets.keys(), ...this.#publicKeys.keys()].sort().join(', ');
    return `signatures of ${keys} for ${this.#options.service} in ${this.#options.region}`;
  }
}

function matching(accepted, scope, text, signature) {
  let matched = false;
  for (const secret of accepted) {
    let key = Buffer.concat([Buffer.from('AWS4'), secret]);
    for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest();
    const right = Buffer.from(createHmac('sha256', key).update(text).digest('hex'));
    const given = Buffer.from(signature);
    // No early exit: how long it takes must not tell which of the two it was.
    matched = (given.length === right.length && timingSafeEqual(given, right)) || matched;
  }
  return matched ? 'accepted' : 'mismatch';
}

module.exports = { SignatureJudge };
