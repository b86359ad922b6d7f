'use strict';

// The header that carries a secret or a token: taken off the request, so that the handlers do not see it.

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

/** What is wrong before the value is looked at; undefined when there is exactly one. */
function shape({ values, aliased }) {
  if (aliased) return 'aliased';
  if (values.length > 1) return 'duplicate';
  return values.length === 0 || values[0] === '' ? 'missing' : undefined;
}

module.exports = { shape, takeHeader };
