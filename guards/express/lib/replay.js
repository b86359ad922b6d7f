'use strict';

const { Ends } = require('./ends');

const MOST = 1_000_000;
// More than one is added, so that what has ended never piles up, and no call takes long.
const AT_A_TIME = 8;
/** Seconds for which a proof is remembered after it has ended: a shared store has a clock of its own. */
const LONGER = 60;

/**
 * Remembers one-time keys within one process. Several processes that serve one origin must share a store, in a
 * database for example: anything with `first(key, until)`, one atomic step that tells whether it is the first time.
 */
class MemoryReplayStore {
  #seen = new Map();
  #ends = new Ends();
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
    if (this.#seen.size >= this.#most) throw new Error(`full, all ${this.#most} entries still count (option \`most\`)`);
    this.#seen.set(key, until);
    this.#ends.add({ key, end: until });
    return true;
  }

  /** Takes a few that have ended: the rest of them waits for the next call. */
  #forget(now) {
    for (let taken = 0; taken < AT_A_TIME && this.#ends.first?.end <= now; taken += 1) {
      const { key, end } = this.#ends.first;
      this.#ends.removeFirst();
      // Not one that was noted anew since.
      if (this.#seen.get(key) === end) this.#seen.delete(key);
    }
  }
}

/** The verdict on a proof that counts once. A store that does not plainly say that it is new lets nobody in. */
async function onceOnly(store, key, end, log) {
  try {
    const first = await store.first(key, end + LONGER);
    if (typeof first !== 'boolean') throw new TypeError(`first() gave ${typeof first} in place of true or false`);
    return first ? 'accepted' : 'used before';
  } catch (error) {
    log.error(`wicketgate guard: the replay store cannot tell what was used before: ${error?.message ?? error}`);
    return 'not known to be new: the replay store failed';
  }
}

module.exports = { MemoryReplayStore, onceOnly };
