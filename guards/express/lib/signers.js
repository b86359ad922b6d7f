'use strict';

// The keys that may sign, and whether one of them has signed a text.

const { createHmac, createPublicKey, timingSafeEqual, verify } = require('node:crypto');
const { GuardConfigurationError, MINIMUM_SECRET_BYTES } = require('./secrets');

// What the header of a signature can carry: no comma, no slash, no space.
const KEY_ID = /^[!-+\-.0-~]+$/;
// The gateway takes white space off the ends.
const SPOILT = /^[\t\v\f ]|[\t\v\f ]$|[\0-\x08\n\r\x0e-\x1f\x7f]/;

/** The keys of an option, each made usable by `use(where, value)`. */
function keysOf(option, given, use) {
  if (given !== undefined && (given === null || typeof given !== 'object' || Array.isArray(given))) {
    throw new GuardConfigurationError(`${option}: give an object of key ids and keys.`);
  }
  for (const name of Object.keys(given ?? {})) {
    if (KEY_ID.test(name)) continue;
    throw new GuardConfigurationError(
      `${option}: the gateway cannot have the key id ${JSON.stringify(name)}. Use no comma, slash or space.`,
    );
  }
  return new Map(Object.entries(given ?? {}).map(([name, value]) => [name, use(`${option}.${name}`, value)]));
}

function usable(where, given) {
  const values = Array.isArray(given) ? given : [given];
  if (values.length === 0 || values.length > 2 || !values.every((value) => typeof value === 'string')) {
    throw new GuardConfigurationError(`${where}: give one secret or two, as text. An unset variable is no secret.`);
  }
  if (values.some((value) => Buffer.byteLength(value) < MINIMUM_SECRET_BYTES)) {
    throw new GuardConfigurationError(`${where}: a secret needs at least ${MINIMUM_SECRET_BYTES} bytes.`);
  }
  if (values.some((value) => SPOILT.test(value))) {
    throw new GuardConfigurationError(
      `${where}: a secret begins or ends with white space or has a control character, and the gateway would sign ` +
        'with another one. Remove it.',
    );
  }
  return values;
}

function loaded(where, pem) {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails.namedCurve === 'prime256v1') return key;
  } catch {
    // Said below.
  }
  throw new GuardConfigurationError(`${where}: this is no P-256 public key in PEM.`);
}

/** Whether one of the secrets has signed (`AWS4-HMAC-SHA256`). `signature` is in hexadecimal digits. */
function isSignedWith(secrets, scope, text, signature) {
  const given = Buffer.from(signature);
  let matched = false;
  for (const secret of secrets) {
    let key = Buffer.from(`AWS4${secret}`);
    for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest();
    const right = Buffer.from(createHmac('sha256', key).update(text).digest('hex'));
    // No early exit: how long it takes must not tell which of the two it was.
    matched = (given.length === right.length && timingSafeEqual(given, right)) || matched;
  }
  return matched;
}

/** Whether the holder of the private key has signed (`AWS4-ECDSA-P256-SHA256`). */
function isSignedBy(publicKey, text, signature) {
  return verify('sha256', Buffer.from(text), publicKey, Buffer.from(signature, 'hex'));
}

module.exports = { isSignedBy, isSignedWith, keysOf, loaded, usable };
