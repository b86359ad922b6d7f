'use strict';

// The decision about a signed request: by whom, over what, when, and for the first time.

const { createHash } = require('node:crypto');
const { canonicalRequest, isEmpty, stringToSign } = require('./canonical');
const { checkFlags, checkList, checkNumbers, checkReplay, checkTexts } = require('./options');
const { MemoryReplayStore, onceOnly } = require('./replay');
const { GuardConfigurationError } = require('./secrets');
const { isSignedBy, isSignedWith, keysOf, loaded, usable } = require('./signers');

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

function sha256(data) {
  return createHash('sha256').update(data).digest('hex');
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

function checked({
  service = 'wicketgate', region = 'origin', window = 300, ahead = 60, unsignedPayload = false, hosts,
  unsignedHeaders = [],
}) {
  checkTexts({ service, region });
  checkNumbers({ window, ahead });
  checkFlags({ unsignedPayload });
  checkList('hosts', hosts);
  checkList('unsignedHeaders', unsignedHeaders);
  if (window === 0) throw new GuardConfigurationError('window: give seconds, such as 300.');
  const lower = (texts) => new Set(texts.map((text) => text.toLowerCase()));
  return {
    service, region, window, ahead, unsignedPayload,
    hosts: hosts && lower(hosts), unsignedHeaders: lower(unsignedHeaders),
  };
}

/** Judges requests. See `SignatureGuardOptions` in index.d.ts. */
class SignatureJudge {
  #secrets;
  #publicKeys;
  #options;
  #replay;
  #now;
  #log;

  constructor({ secrets, publicKeys, replay, now = () => Date.now() / 1000, ...options }, log) {
    this.#secrets = keysOf('secrets', secrets, usable);
    this.#publicKeys = keysOf('publicKeys', publicKeys, loaded);
    if (this.#secrets.size + this.#publicKeys.size === 0) {
      throw new GuardConfigurationError('secrets and publicKeys: none is given. Give the key that the gateway has.');
    }
    checkReplay(replay);
    this.#options = checked(options);
    this.#replay = replay ?? new MemoryReplayStore({ now });
    this.#now = now;
    this.#log = log;
  }

  /**
   * `request`: method, target, names and values(name) as they came (names in lower case), shown(name) as the handlers
   * see it; mayHaveBody; body() reads it, or gives undefined where it is too large; trailers() and hideTrailers().
   */
  async judge(request) {
    const values = request.values('authorization');
    if (values.length !== 1) return values.length > 0 ? 'duplicate' : 'missing';
    const claim = claimOf(values[0]);
    if (!claim) return 'missing';
    const wrong = this.#dated(request, claim) ?? this.#covered(request, claim);
    if (wrong) return wrong;
    // Nothing is read for a caller who has not signed; nothing is remembered for one who does not send what he signed.
    const text = textOf(request, claim);
    return this.#verified(request, claim, text) ?? (await this.#intact(request)) ?? this.#first(request, claim, text);
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
    if (NEEDED.some((name) => request.values(name).length !== 1) || signed.some(hidesOne(request))) return 'duplicate';
    // A field without a value says nothing, and is not signed.
    const there = request.names.filter((name) => !request.values(name).every(isEmpty));
    const { hosts, unsignedHeaders } = this.#options;
    const loose = there.filter((name) => !names.has(name) && !NOT_SIGNED.has(name) && !unsignedHeaders.has(name));
    if (loose.length > 0) return 'beside a header that it does not cover';
    return !hosts || hosts.has(request.values('host')[0].toLowerCase()) ? undefined : 'for another host';
  }

  #verified(request, { algorithm, key, scope, signed, signature }, text) {
    const { service, region } = this.#options;
    const day = scope.slice(0, 8);
    if (algorithm === SYMMETRIC && scope === `${day}/${region}/${service}/aws4_request`) {
      if (!this.#secrets.has(key)) return 'of an unknown key';
      return isSignedWith(this.#secrets.get(key), scope, text, signature) ? undefined : 'mismatch';
    }
    if (algorithm === ASYMMETRIC && scope === `${day}/${service}/aws4_request`) {
      const regions = request.values('x-amz-region-set');
      if (!signed.includes('x-amz-region-set') || regions.length !== 1 || regions[0] !== region) return 'mismatch';
      if (!this.#publicKeys.has(key)) return 'of an unknown key';
      return isSignedBy(this.#publicKeys.get(key), text, signature) ? undefined : 'mismatch';
    }
    return 'mismatch';
  }

  /** The hash of the body is a header, and signed like the others. */
  async #intact(request) {
    const [payload] = request.values('x-amz-content-sha256');
    if (payload === UNSIGNED_PAYLOAD) {
      if (request.mayHaveBody && !this.#options.unsignedPayload) return 'mismatch';
      request.hideTrailers();
      return undefined;
    }
    const body = await request.body();
    if (!body) return 'over a body larger than the guard reads';
    if (request.trailers().length > 0) return 'beside a header that it does not cover';
    return sha256(body) === payload ? undefined : 'mismatch';
  }

  #first(request, claim, text) {
    // A body may have taken its time.
    const late = this.#dated(request, claim);
    if (late) return late;
    // Not the signature: one of ECDSA has a twin that is as good.
    const seen = `${claim.key} ${sha256(text)}`;
    const [date] = request.values('x-amz-date');
    return onceOnly(this.#replay, seen, madeAt(date) + this.#options.window, this.#log);
  }

  toString() {
    const keys = [...this.#secrets.keys(), ...this.#publicKeys.keys()].sort().join(', ');
    return `signatures of ${keys} for ${this.#options.service} in ${this.#options.region}`;
  }
}

function textOf(request, { algorithm, scope, signed }) {
  const [[date], [payload]] = [request.values('x-amz-date'), request.values('x-amz-content-sha256')];
  return stringToSign(algorithm, date, scope, canonicalRequest(request, signed, payload));
}

/** Of some names Node shows the handlers the first field only, while the signature covers all of them. */
function hidesOne(request) {
  return (name) => request.values(name).length > 1 && request.values(name)[0] === request.shown(name);
}

module.exports = { SignatureJudge };
