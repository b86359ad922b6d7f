'use strict';

// What a signature covers, as AWS writes it down.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

const { createHash } = require('node:crypto');

function quoted(bytes, kept) {
  let text = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    text += kept.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

function unquoted(text) {
  const bytes = [];
  for (let at = 0; at < text.length; at += 1) {
    const hex = text[at] === '%' ? text.slice(at + 1, at + 3) : '';
    if (/^[0-9A-Fa-f]{2}$/.test(hex)) {
      bytes.push(Number.parseInt(hex, 16));
      at += 2;
    } else {
      bytes.push(text[at] === '+' ? 0x20 : text.charCodeAt(at) & 0xff);
    }
  }
  return bytes;
}

/** Decodes and encodes each name and value anew, and sorts them; a plus is a space. */
function canonicalQuery(query) {
  const encoded = (text) => quoted(unquoted(text), /[A-Za-z0-9_.~-]/);
  const pairs = query.split('&').filter(Boolean).map((field) => {
    const at = field.indexOf('=');
    return at < 0 ? [encoded(field), ''] : [encoded(field.slice(0, at)), encoded(field.slice(at + 1))];
  });
  const order = ([name, value], [other, otherValue]) => compare(name, other) || compare(value, otherValue);
  return pairs.sort(order).map((pair) => pair.join('=')).join('&');
}

function compare(one, other) {
  return one < other ? -1 : Number(one > other);
}

/** As Envoy does: of a run of white space the last character stays. A byte of UTF-8 is never white space. */
function trimmed(value) {
  return value.replace(/^[\t\v\f\r ]+/, '').replace(/[\t\v\f\r ]*([\t\v\f\r ])/g, '$1').replace(/[\t\v\f\r ]$/, '');
}

/** Of no value but white space (RFC 9110 section 5.5): a byte of UTF-8 is a value. */
function isEmpty(value) {
  return /^[\t ]*$/.test(value);
}

/** As Envoy does: fields without a value are left out. */
function joined(values) {
  return values.filter((value) => !isEmpty(value)).map(trimmed).join(',');
}

/** The text whose hash is signed. `values(name)` gives the field values of a header, in order. */
function canonicalRequest({ method, target, values }, signed, payload) {
  const at = target.indexOf('?');
  const [path, query] = at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
  const fields = signed.map((name) => `${name}:${joined(values(name))}\n`);
  // What arrives is encoded already: the path is encoded once more.
  const encoded = quoted(Buffer.from(path || '/', 'latin1'), /[A-Za-z0-9_.~/-]/);
  return [method, encoded, canonicalQuery(query), fields.join(''), signed.join(';'), payload].join('\n');
}

function stringToSign(algorithm, date, scope, canonical) {
  const digest = createHash('sha256').update(canonical, 'latin1').digest('hex');
  return [algorithm, date, scope, digest].join('\n');
}

module.exports = { canonicalRequest, isEmpty, stringToSign };
