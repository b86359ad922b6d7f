'use strict';

// The issuer's public keys: fetched or read from a file, kept, and fetched anew for a key that is not among them.

const fs = require('node:fs');
const { GuardConfigurationError } = require('./secrets');

const FETCH_MS = 5_000;
const MOST_BYTES = 256 * 1024;
const SHORTEST_MS = 60_000;
const LONGEST_MS = 86_400_000;
const USUAL_MS = 300_000;
// Between two fetches for keys that are not known: a flood of invented ones makes no flood of fetches.
const COOLDOWN_MS = 30_000;
// The same while there are no keys at all, and nobody can be let in.
const WITHOUT_KEYS_MS = 1_000;
const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Refuses a URL whose answer somebody on the way could write. */
function checkUrl(text, what) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.username || url?.password) throw new GuardConfigurationError(`${what}: leave user and password out of it.`);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && LOCAL.has(url.hostname))) return;
  throw new GuardConfigurationError(`${what}: ${JSON.stringify(text)} is not https. Plain http is for loopback only.`);
}

function lifeOf(cacheControl) {
  const seconds = /(?:^|,)\s*max-age=(\d+)/i.exec(cacheControl ?? '')?.[1];
  return seconds === undefined ? USUAL_MS : Math.min(Math.max(Number(seconds) * 1000, SHORTEST_MS), LONGEST_MS);
}

/** Reads an answer no further than it can be good for something. */
async function textOf(stream) {
  const chunks = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > MOST_BYTES) throw new Error(`more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Keys by their id. A set that cannot be replaced stays in use for a day after it should have been. */
class KeySet {
  #place;
  #remote;
  #log;
  #now;
  #keys = new Map();
  #goodUntil = -Infinity;
  #asked = -Infinity;
  #changed = null;
  #fetching = null;

  constructor(place, { log, now = () => performance.now() }) {
    this.#remote = /^https?:\/\//.test(place);
    if (this.#remote) checkUrl(place, 'jwks');
    this.#place = place;
    this.#log = log;
    this.#now = now;
  }

  /** The key of this id as a JWK, after a refresh if one could help; undefined when there is none. */
  async find(kid) {
    const begins = !this.#fetching && this.#isDue(kid);
    if (begins) this.#fetching = this.#refresh().finally(() => (this.#fetching = null));
    // A request whose key is known does not wait for a fetch that another one has begun.
    if (this.#fetching && (begins || !this.#usable.has(kid))) await this.#fetching;
    return this.#usable.get(kid);
  }

  get #usable() {
    return this.#now() < this.#goodUntil + LONGEST_MS ? this.#keys : new Map();
  }

  #isDue(kid) {
    const now = this.#now();
    const pause = this.#usable.size ? COOLDOWN_MS : WITHOUT_KEYS_MS;
    if (now - this.#asked < (this.#remote ? pause : 0)) return false;
    return now >= this.#goodUntil || !this.#keys.has(kid) || (!this.#remote && this.#stamp() !== this.#changed);
  }

  async #refresh() {
    try {
      const [body, life] = this.#remote ? await this.#fetch() : this.#read();
      const { keys } = JSON.parse(body);
      const signing = keys.filter((key) => typeof key.kid === 'string' && (key.use ?? 'sig') === 'sig');
      this.#keys = new Map(signing.map((key) => [key.kid, key]));
      this.#goodUntil = this.#now() + life;
    } catch (error) {
      this.#log.warn(`wicketgate guard: cannot refresh the keys of ${this}: ${error.cause?.code ?? error.message}`);
    }
    // Only now: whoever asks while the keys are fetched waits for them.
    this.#asked = this.#now();
  }

  async #fetch() {
    const signal = AbortSignal.timeout(FETCH_MS);
    const answer = await fetch(this.#place, { redirect: 'error', signal, headers: { accept: 'application/json' } });
    if (answer.status !== 200) throw new Error(`status ${answer.status}`);
    return [await textOf(answer.body ?? []), lifeOf(answer.headers.get('cache-control'))];
  }

  #read() {
    this.#changed = this.#stamp();
    return [fs.readFileSync(this.#place, 'utf8'), USUAL_MS];
  }

  #stamp() {
    const status = fs.statSync(this.#place, { bigint: true, throwIfNoEntry: false });
    return status ? [status.ino, status.mtimeNs, status.size].join(':') : null;
  }

  toString() {
    return this.#place;
  }
}

module.exports = { KeySet, checkUrl };
