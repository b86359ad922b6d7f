'use strict';

const { timingSafeEqual } = require('node:crypto');
const problem = require('./lib/problem');
const { MemoryReplayStore } = require('./lib/replay');
const { GuardConfigurationError, MINIMUM_SECRET_BYTES, digest, secretSource } = require('./lib/secrets');
const { SignatureJudge } = require('./lib/signature');
const { TokenJudge } = require('./lib/token');

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^`|~-]+$/;

function checkOptions(header, mode) {
  if (mode !== 'enforce' && mode !== 'observe') {
    throw new GuardConfigurationError(`mode: ${JSON.stringify(mode)} is not known. Use 'enforce' or 'observe'.`);
  }
  if (typeof header !== 'string' || !HEADER_NAME.test(header)) {
    throw new GuardConfigurationError(
      `header: ${JSON.stringify(header)} is not a usable name. Use letters, digits and hyphens, no underscore.`,
    );
  }
}

/** Splits the raw header list into our values and whether a misspelt copy is there; drops both. */
function takeHeader(req, header) {
  const found = { values: [], aliased: false };
  const kept = [];
  for (let at = 0; at < req.rawHeaders.length; at += 2) {
    const name = req.rawHeaders[at].toLowerCase();
    if (name === header) found.values.push(req.rawHeaders[at + 1]);
    else if (name.replaceAll('_', '-') === header) found.aliased = true;
    else kept.push(req.rawHeaders[at], req.rawHeaders[at + 1]);
  }
  strip(req, kept, header);
  return found;
}

function strip(req, kept, header) {
  // Node makes both objects from the raw list when they are first read, by a count it took before: read them first.
  const parsed = [req.headers, req.headersDistinct ?? {}];
  req.rawHeaders.splice(0, req.rawHeaders.length, ...kept);
  for (const headers of parsed) {
    for (const name of Object.keys(headers)) {
      if (name.replaceAll('_', '-') === header) delete headers[name];
    }
  }
}

function matches(value, accepted) {
  const given = digest(Buffer.from(value, 'latin1'));
  let matched = false;
  for (const one of accepted) {
    // No early exit: how long it takes must not tell which of the two it was.
    matched = timingSafeEqual(given, one) || matched;
  }
  return matched;
}

/** What is wrong before the value is looked at; undefined when there is exactly one. */
function shape({ values, aliased }) {
  if (aliased) return 'aliased';
  if (values.length > 1) return 'duplicate';
  return values.length === 0 || values[0] === '' ? 'missing' : undefined;
}

function judgeSecret(found, source) {
  return shape(found) ?? (matches(found.values[0], source.digests()) ? 'accepted' : 'mismatch');
}

async function judgeToken(found, prefix, judge) {
  const wrong = shape(found);
  if (wrong) return wrong;
  const [scheme, ...rest] = found.values[0].trim().split(/ +/);
  const token = prefix === '' ? scheme : rest[0];
  if (!token || (prefix !== '' && scheme.toLowerCase() !== prefix.toLowerCase())) return 'missing';
  return judge.judge(token);
}

/** Notes the verdict on the request, logs what is or would be refused, and tells whether it goes on. */
function admit(req, verdict, { mode, log, what }) {
  req.wicketgateGuard = verdict;
  if (verdict === 'accepted') return true;
  const done = mode === 'observe' ? 'let through (observe mode)' : 'refused';
  const path = JSON.stringify((req.originalUrl ?? req.url).split('?', 1)[0]);
  log.warn(`wicketgate guard: ${done} a request that is not the gateway's: ${what} ${verdict}, path ${path}`);
  return mode === 'observe';
}

function announce({ mode, log }, text) {
  // An origin that is only watching is not sealed, and its log must say so from the first line.
  log[mode === 'observe' ? 'warn' : 'info'](`wicketgate guard: mode ${mode}, ${text}`);
}

function refuse(req, res) {
  const body = problem.unauthorized(req.originalUrl ?? req.url);
  res.writeHead(401, problem.headers(body));
  res.end(req.method === 'HEAD' ? undefined : body);
}

function refuseUpgrade(req, socket) {
  const body = problem.unauthorized(req.url);
  const fields = Object.entries({ ...problem.headers(body), Connection: 'close' });
  const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 401 Unauthorized\r\n${head}\r\n${body}`);
}

/** See index.d.ts. */
function secretGuard(options = {}) {
  const { header = 'backend-secret', mode = 'enforce', logger: log = console } = options;
  checkOptions(header, mode);
  const ours = header.toLowerCase();
  const source = secretSource(options, log);

  const manner = { mode, log, what: `header ${ours}` };

  function admits(req) {
    return admit(req, judgeSecret(takeHeader(req, ours), source), manner);
  }

  function guard(req, res, next) {
    if (admits(req)) next();
    else refuse(req, res);
  }

  guard.mode = mode;
  guard.admitsUpgrade = function admitsUpgrade(req, socket) {
    const admitted = admits(req);
    if (!admitted) refuseUpgrade(req, socket);
    return admitted;
  };

  announce(manner, `header ${ours}, accepting ${source.digests().length} secrets from ${source}`);
  return guard;
}

/** See index.d.ts. */
function tokenGuard(options = {}) {
  const { header = 'authorization', prefix = 'Bearer', mode = 'enforce', logger: log = console } = options;
  checkOptions(header, mode);
  const ours = header.toLowerCase();
  const judge = new TokenJudge(options, log);
  const manner = { mode, log, what: 'token' };

  async function admits(req) {
    return admit(req, await judgeToken(takeHeader(req, ours), prefix, judge), manner);
  }

  function guard(req, res, next) {
    admits(req).then((admitted) => (admitted ? next() : refuse(req, res)), next);
  }

  guard.mode = mode;
  guard.admitsUpgrade = async function admitsUpgrade(req, socket) {
    const admitted = await admits(req);
    if (!admitted) refuseUpgrade(req, socket);
    return admitted;
  };

  announce(manner, `${judge}`);
  return guard;
}

/**
 * Reads a body up to `limit` bytes, undefined when there is more; in either case all of it is still to be read, so that
 * parsers of bodies do their work behind the guard. It is put back before the stream tells its end.
 */
function bodyOf(req, limit) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    let length = 0;
    function settle(body) {
      req.off('readable', read).off('end', ended).off('error', reject).off('close', closed);
      const whole = Buffer.concat(chunks);
      if (whole.length > 0) req.unshift(whole);
      resolve(body && whole);
    }
    const ended = () => settle(true);
    const closed = () => reject(new Error('the caller left before its body was read'));
    function read() {
      for (let chunk = req.read(); chunk !== null; chunk = req.read()) {
        chunks.push(chunk);
        length += chunk.length;
        if (length > limit) return settle(undefined);
      }
      if (req.complete && length > 0) settle(true);
      return undefined;
    }
    req.on('readable', read).on('end', ended).on('error', reject).on('close', closed);
  });
}

function arrived(req, body) {
  const fields = new Map();
  for (let at = 0; at < req.rawHeaders.length; at += 2) {
    const name = req.rawHeaders[at].toLowerCase();
    fields.set(name, [...(fields.get(name) ?? []), req.rawHeaders[at + 1]]);
  }
  const values = (name) => fields.get(name) ?? [];
  return { method: req.method, target: req.originalUrl ?? req.url, names: [...fields.keys()], values, body };
}

/** See index.d.ts. */
function signatureGuard(options = {}) {
  const { mode = 'enforce', bodyLimit = 1024 * 1024, logger: log = console } = options;
  checkOptions('authorization', mode);
  const judge = new SignatureJudge(options);
  const manner = { mode, log, what: 'signature' };

  async function admits(req) {
    const body = await bodyOf(req, bodyLimit);
    const verdict = body ? judge.judge(arrived(req, body)) : 'over a body larger than the guard reads';
    return admit(req, verdict, manner);
  }

  function guard(req, res, next) {
    admits(req).then((admitted) => (admitted ? next() : refuse(req, res)), next);
  }

  guard.mode = mode;
  announce(manner, `${judge}`);
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
