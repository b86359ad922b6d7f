'use strict';

// A body is read to be checked, and put back: handlers and parsers behind the guard find it as it came.

const EMPTY = Buffer.alloc(0);

/** Whether the request has a body (RFC 9112 section 6.3). */
function isAnnounced({ headers }) {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
}

function isTouched(req) {
  const readers = req.listenerCount('data') + req.listenerCount('readable');
  return req.readableDidRead || req.readableFlowing || req.readableEncoding !== null || readers > 0;
}

/**
 * Reads a body of up to `limit` bytes; undefined when there is more, or when the caller leaves before its end.
 * The stream of a request that has no body is not touched: its end must still be told to the handlers.
 */
async function readBody(req, limit) {
  if (!isAnnounced(req)) return EMPTY;
  if (isTouched(req)) throw new Error('The body has been read already: mount the guard before body parsers.');
  if (Number(req.headers['content-length'] ?? 0) > limit) return undefined;
  // Node is still parsing the packet that holds the headers; let it come to what the packet holds of the body.
  await null;
  return req.destroyed ? undefined : collected(req, limit);
}

/** Takes what has arrived, up to a little more than `limit`; tells whether there is nothing more to wait for. */
function take(req, limit, found) {
  // Nothing is read at the end, for the stream would then tell it before the handlers listen.
  while (req.readableLength > 0 && found.length <= limit) {
    const chunk = req.read();
    found.chunks.push(chunk);
    found.length += chunk.length;
  }
  return req.complete || found.length > limit;
}

function collected(req, limit) {
  const found = { chunks: [], length: 0 };
  return new Promise((resolve) => {
    function settle() {
      req.off('readable', read).off('error', settle).off('close', settle);
      const body = Buffer.concat(found.chunks);
      if (!req.destroyed) putBack(req, body);
      resolve(req.complete && body.length <= limit ? body : undefined);
    }
    function read() {
      if (take(req, limit, found)) settle();
    }
    if (take(req, limit, found)) settle();
    else req.on('error', settle).on('close', settle).on('readable', read);
  });
}

function putBack(req, body) {
  if (body.length > 0) req.unshift(body);
  // Some readers, fetch among them, take no stream that somebody has read from.
  req._readableState.dataEmitted = false;
}

/** Fields behind a body that is not read are not covered by anything: nobody gets to see them. */
function hideTrailers(req) {
  for (const [name, none] of Object.entries({ rawTrailers: [], trailers: {}, trailersDistinct: {} })) {
    Object.defineProperty(req, name, { get: () => none, set: () => {} });
  }
}

module.exports = { EMPTY, hideTrailers, readBody };
