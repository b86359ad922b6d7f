'use strict';

const MOST = 1_000_000;
const AT_A_TIME = 8;

/**
 * Remembers one-time keys within one process. Several processes that serve one origin must share a store, in a
 * database for example: anything with `first(key, until)`, one atomic step that tells whether it is the first time.
 */
class MemoryReplayStore {
  #seen = new Map();
  #most;
  #now;

  constructor({ most = MOST, now = () => Date.now() / 1000 } = {}) {
    this.#most = most;
    this.#now = now;
  }

  first(key, until) {
    const now = this.#now();
    if ((this.#seen.get(key) ?? 0) > now) return false;
    this.#forget(now);
    // Forgetting what is still good would let it in again: a flood is refused.
    if (this.#seen.size >= this.#most) return false;
    this.#seen.delete(key);
    this.#seen.set(key, until);
    return true;
  }

  /** Takes a few that have ended off the old end: the rest of them waits for the next call. */
  #forget(now) {
    let looked = 0;
    for (const [key, end] of this.#seen) {
      if ((looked += 1) > AT_A_TIME) return;
      if (end <= now) this.#seen.delete(key);
    }
  }
}

module.exports = { MemoryReplayStore };
