'use strict';

/** A heap of entries by their `end`: the one that ends first is on top. */
class Ends {
  #heap = [];

  get first() {
    return this.#heap[0];
  }

  add(entry) {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    let up = (at - 1) >> 1;
    while (at > 0 && heap[up].end > entry.end) {
      heap[at] = heap[up];
      at = up;
      up = (at - 1) >> 1;
    }
    heap[at] = entry;
  }

  removeFirst() {
    const last = this.#heap.pop();
    if (this.#heap.length > 0) this.#sink(last);
  }

  #sink(entry) {
    const heap = this.#heap;
    let at = 0;
    let down = this.#lesser(1);
    while (down < heap.length && heap[down].end < entry.end) {
      heap[at] = heap[down];
      at = down;
      down = this.#lesser(2 * at + 1);
    }
    heap[at] = entry;
  }

  #lesser(left) {
    const right = left + 1;
    return right < this.#heap.length && this.#heap[right].end < this.#heap[left].end ? right : left;
  }
}

module.exports = { Ends };
