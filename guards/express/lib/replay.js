'use strict';

const MOST = 100_000;

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
    if (this.#seen.size >= this.#most) {
      for (const [old, end] of this.#seen) if (end <= now) this.#seen.delete(old);
    }
    // Forgetting what is still good would let it in again: a flood is refused.
    if (this.#seen.size >= this.#most) return false;
    this.#seen.set(key, until);
    return true;
  }
}

module.exports = { MemoryReplayStore };
