'use strict';

// Where the accepted secrets come from. What is kept are SHA-256 digests, never the secrets.

const { createHash } = require('node:crypto');
const fs = require('node:fs');

// Anything shorter can be guessed, or is a placeholder that somebody forgot.
const MINIMUM_SECRET_BYTES = 16;
const MAXIMUM_SECRETS = 2; // the current one and, during a rotation, the next one

/** The guard cannot be made as asked. The message says where, why and what to do, and holds no value. */
class GuardConfigurationError extends Error {
  constructor(message) {
    super(message);
    this.name = 'GuardConfigurationError';
  }
}

function digest(value) {
  return createHash('sha256').update(value).digest();
}

function checkValue(value, where) {
  if (value.length < MINIMUM_SECRET_BYTES) {
    throw new GuardConfigurationError(
      `${where}: the secret has ${value.length} bytes and needs at least ${MINIMUM_SECRET_BYTES}. ` +
        'Make one with: openssl rand -hex 32',
    );
  }
  const text = value.toString('latin1');
  if (text.trim() !== text || /[\x00-\x1f\x7f]/.test(text)) {
    throw new GuardConfigurationError(
      `${where}: the secret begins or ends with white space or has a control character, ` +
        'which no header can carry. Remove it.',
    );
  }
}

/** Digests of `secrets` (strings or Buffers); throws when there is none, more than two, or a bad one. */
function accept(secrets, where) {
  const values = Array.from(secrets, (secret) => Buffer.from(secret));
  if (values.length === 0) {
    throw new GuardConfigurationError(`${where}: no secret. Give the value that the gateway sends.`);
  }
  if (values.length > MAXIMUM_SECRETS) {
    throw new GuardConfigurationError(
      `${where}: ${values.length} secrets. At most two are accepted, the current and the next.`,
    );
  }
  for (const value of values) checkValue(value, where);
  return values.map(digest);
}

/** Secrets that stay what they were at start. */
class FixedSecrets {
  #digests;
  #where;

  constructor(secrets, where) {
    this.#digests = accept(secrets, where);
    this.#where = where;
  }

  digests() {
    return this.#digests;
  }

  toString() {
    return this.#where;
  }
}

/**
 * One accepted secret a line, at most two; read again when the file changes. A file that later vanishes, is
 * empty or is not valid leaves the last good secrets in force and is logged once for each change.
 */
class FileSecrets {
  #path;
  #log;
  #seen;
  #digests;

  constructor(path, log) {
    this.#path = path;
    this.#log = log;
    this.#seen = this.#stamp();
    this.#digests = this.#read();
  }

  digests() {
    const stamp = this.#stamp();
    if (stamp !== this.#seen) {
      this.#reload();
      this.#seen = stamp;
    }
    return this.#digests;
  }

  #reload() {
    try {
      this.#digests = this.#read();
      this.#log.info(`${this}: read again, accepting ${this.#digests.length} secrets`);
    } catch (error) {
      if (!(error instanceof GuardConfigurationError)) throw error;
      this.#log.error(`${error.message} The last good secrets stay in force.`);
    }
  }

  #read() {
    let content;
    try {
      content = fs.readFileSync(this.#path, 'utf8');
    } catch (error) {
      throw new GuardConfigurationError(
        `${this}: ${error.code}. Write one secret a line into it, readable by this process.`,
      );
    }
    return accept(content.split('\n').map((line) => line.trim()).filter(Boolean), String(this));
  }

  #stamp() {
    try {
      const status = fs.statSync(this.#path, { bigint: true });
      return [status.ino, status.dev, status.mtimeNs, status.ctimeNs, status.size].join(':');
    } catch (error) {
      return error.code;
    }
  }

  toString() {
    return `secret file ${this.#path}`;
  }
}

/** `NAME_FILE` when set, else `NAME` and, during a rotation, `NAME_NEXT`. */
function fromEnvironment(name, environment, log) {
  const path = environment[`${name}_FILE`];
  const values = [environment[name], environment[`${name}_NEXT`]];
  if (path && values.some(Boolean)) {
    throw new GuardConfigurationError(
      `environment: ${name}_FILE is set beside ${name} or ${name}_NEXT. Keep the file or the values.`,
    );
  }
  if (path) return new FileSecrets(path, log);
  if (!values[0]) {
    throw new GuardConfigurationError(
      `environment: ${name} is ${values[0] === undefined ? 'not set' : 'empty'}. ` +
        `Set it to the value that the gateway sends, or ${name}_FILE to a file that holds it.`,
    );
  }
  return new FixedSecrets(values.filter(Boolean), `environment (${name})`);
}

/** The source that the guard's options ask for. */
function secretSource({ secrets, secretFile, environment = 'BACKEND_SECRET' }, log) {
  if (secrets !== undefined && secretFile !== undefined) {
    throw new GuardConfigurationError('secrets and secretFile are both given. Keep one of them.');
  }
  if (secretFile !== undefined) return new FileSecrets(secretFile, log);
  if (secrets === undefined) return fromEnvironment(environment, process.env, log);
  if (secrets === null || (typeof secrets === 'string' && secrets === '')) {
    throw new GuardConfigurationError('secrets: empty. Give the value that the gateway sends.');
  }
  // A lone string is an iterable of letters, and never what was meant.
  const values = typeof secrets === 'string' || Buffer.isBuffer(secrets) ? [secrets] : secrets;
  if (!Array.isArray(values) || !values.every((value) => typeof value === 'string' || Buffer.isBuffer(value))) {
    throw new GuardConfigurationError('secrets: not a list of strings. An unset variable is the usual reason.');
  }
  return new FixedSecrets(values, 'secrets');
}

module.exports = { GuardConfigurationError, MINIMUM_SECRET_BYTES, digest, secretSource };
