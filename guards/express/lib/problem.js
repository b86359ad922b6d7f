'use strict';

// One sentence for every reason: a caller learns nothing about how close the guess was.
const DETAIL = 'This origin answers its gateway only. Send the request through the gateway.';

/** The body of a refusal: RFC 9457 problem details in the shape the gateway uses. `url` is the request target. */
function unauthorized(url) {
  return JSON.stringify({
    type: 'https://httpproblems.com/http-status/401',
    title: 'Unauthorized',
    status: 401,
    detail: DETAIL,
    instance: url.split('?', 1)[0],
  });
}

/** Header fields of the refusal; it must not be stored, or a cache would go on refusing. */
function headers(body) {
  return {
    'Content-Type': 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  };
}

module.exports = { headers, unauthorized };
