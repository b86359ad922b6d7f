'use strict';

const { timingSafeEqual } = require('node:crypto');
const { EMPTY, hideTrailers, readBody } = require('./lib/body');
const { shape, takeHeader } = require('./lib/header');
const { announce, guardOf } = require('./lib/middleware');
const { checkHeader, checkNames, checkNumbers } = require('./lib/options');
const { targetOf } = require('./lib/problem');
const { MemoryReplayStore } = require('./lib/replay');
const { GuardConfigurationError, MINIMUM_SECRET_BYTES, digest, secretSource } = require('./lib/secrets');
const { SignatureJudge } = require('./lib/signature');
const { TokenJudge } = require('./lib/token');

const OF_ALL = ['mode', 'logger'];
const OF_SECRETS = [...OF_ALL, 'header', 'secrets', 'secretFile', 'environment'];
const OF_TOKENS = [
  ...OF_ALL, 'header', 'prefix', 'issuer', 'audience', 'algorithms', 'jwks', 'claims', 'once', 'replay', 'now',
];
const OF_SIGNATURES = [
  ...OF_ALL, 'secrets', 'publicKeys', 'service', 'region', 'window', 'ahead', 'unsignedPayload', 'hosts',
  'unsignedHeaders', 'replay', 'bodyLimit', 'now',
];

function matches(value, accepted) {
  const given = digest(Buffer.from(value, 'latin1'));
  let matched = false;
  for (const one of accepted) {
    // No early exit: how long it takes must not tell which of the two it was.
    matched = timingSafeEqual(given, one) || matched;
  }
  return matched;
}

/** See index.d.ts. */
function secretGuard(options = {}) {
  const { header = 'backend-secret', logger: log = console } = options;
  checkNames(options, OF_SECRETS);
  checkHeader(header);
  const ours = header.toLowerCase();
  const source = secretSource(options, log);

  function judge(req) {
    const found = takeHeader(req, ours);
    return shape(found) ?? (matches(found.values[0], source.digests()) ? 'accepted' : 'mismatch');
  }

  const guard = guardOf(judge, options, `header ${ours}`);
  announce(options, `header ${ours}, accepting ${source.digests().length} secrets from ${source}`);
  return guard;
}

function tokenIn(value, prefix) {
  const parts = value.split(/ +/);
  if (prefix === '') return parts.length === 1 ? parts[0] : undefined;
  return parts.length === 2 && parts[0].toLowerCase() === prefix.toLowerCase() ? parts[1] : undefined;
}

/** See index.d.ts. */
function tokenGuard(options = {}) {
  const { header = 'authorization', prefix = 'Bearer', logger: log = console } = options;
  checkNames(options, OF_TOKENS);
  checkHeader(header);
  const ours = header.toLowerCase();
  const judge = new TokenJudge(options, log);

  function judgeRequest(req) {
    const found = takeHeader(req, ours);
    const wrong = shape(found);
    if (wrong) return wrong;
    const token = tokenIn(found.values[0], prefix);
    return token ? judge.judge(token) : 'missing';
  }

  const guard = guardOf(judgeRequest, options, 'token');
  announce(options, `${judge}`);
  return guard;
}

/** A request as it arrived, for the judge of signatures. An upgrade has no body. */
function arrived(req, isUpgrade, limit) {
  const fields = new Map();
  for (let at = 0; at < req.rawHeaders.length; at += 2) {
    const name = req.rawHeaders[at].toLowerCase();
    fields.set(name, [...(fields.get(name) ?? []), req.rawHeaders[at + 1]]);
  }
  return {
    method: req.method,
    target: targetOf(req),
    names: [...fields.keys()],
    values: (name) => fields.get(name) ?? [],
    shown: (name) => req.headers[name],
    mayHaveBody: !isUpgrade,
    body: async () => (isUpgrade ? EMPTY : readBody(req, limit)),
    trailers: () => req.rawTrailers,
    hideTrailers: () => hideTrailers(req),
  };
}

/** See index.d.ts. */
function signatureGuard(options = {}) {
  const { bodyLimit = 1024 * 1024, logger: log = console, mode, ...others } = options;
  checkNames(options, OF_SIGNATURES);
  checkNumbers({ bodyLimit });
  const judge = new SignatureJudge(others, log);
  const guard = guardOf((req, isUpgrade) => judge.judge(arrived(req, isUpgrade, bodyLimit)), options, 'signature');
  announce(options, `${judge}`);
  return guard;
}

module.exports = {
  GuardConfigurationError,
  MINIMUM_SECRET_BYTES,
  MemoryReplayStore,
  secretGuard,
  signatureGuard,
  tokenGuard,
};
