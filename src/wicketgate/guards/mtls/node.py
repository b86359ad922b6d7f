"""Node: a module whose HTTPS server checks the certificate of each connection before it reads a request."""

from __future__ import annotations

import json

from wicketgate.guards.mtls.config import MtlsConfig
from wicketgate.guards.mtls.server import CERTIFICATE_HEADERS, MtlsServer, heading
from wicketgate.guards.server import fill

_TEMPLATE = """\
@heading@
// Save this text as wicketgate-guard.js and let it serve the application (a function of request and response, as
// Express's is). Changed files (certificate, authority, revocations) are read at the next start.
//     const { serve } = require('./wicketgate-guard.js');
//     const server = serve(app);
// A listener for 'upgrade' must call withoutClaims(req) before it looks at headers.
'use strict';

const { constants } = require('node:crypto');
const fs = require('node:fs');
const https = require('node:https');

const GATEWAY = '@san@';
const CLAIMS = new Set(@claims@);

function isGateway(socket) {
  const names = socket.getPeerCertificate().subjectaltname ?? '';
  // Node escapes a comma that is part of a name (since 12.22.9, 14.18.3 and 16.13.2).
  return names.split(', ').includes(GATEWAY);
}

// What a caller claims about a certificate is not what was checked here; some frameworks take _ for -.
function withoutClaims(req) {
  const isClaim = (name) => CLAIMS.has(name.toLowerCase().replaceAll('_', '-'));
  // Node makes these two of the third when they are first asked for.
  for (const fields of [req.headers, req.headersDistinct]) {
    for (const name of Object.keys(fields).filter(isClaim)) delete fields[name];
  }
  req.rawHeaders = req.rawHeaders.filter((_, i, all) => !isClaim(all[i - (i % 2)]));
}

@lists@function createServer(application) {
  const server = https.createServer(
    {
      ca: fs.readFileSync('@ca@'),
      cert: fs.readFileSync('@certificate@'),
      key: fs.readFileSync('@key@'),
@crl@      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      // A resumed session would skip the check of expiry and revocation. Node keeps no sessions unless somebody
      // listens for 'newSession', so tickets are all there is to turn off.
      secureOptions: constants.SSL_OP_NO_TICKET,
    },
    application,
  );
  server.prependListener('secureConnection', (socket) => {
    if (isGateway(socket)) return;
    console.warn('wicketgate guard: refused a certificate of our authority that is not the gateway\\'s');
    socket.destroy();
  });
  server.prependListener('request', withoutClaims);
  return server;
}

function serve(application) {
  return createServer(application).listen(@port@, '@host@');
}

module.exports = { createServer, serve, withoutClaims };
"""


_LISTS = """\
// Node reads the first list of a file only, and without any list it would not check.
function revocationLists(file) {
  const found = fs.readFileSync(file, 'utf8').match(/-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g);
  if (found === null) throw new Error(`wicketgate guard: ${file} has no revocation list`);
  return found;
}

"""


def _render(config: MtlsConfig) -> str:
    files = config.files("/etc/wicketgate-guard")
    host, port = config.listen_at
    return fill(
        _TEMPLATE,
        heading=heading("Node", config, comment="//"),
        san=config.san,
        claims=json.dumps(CERTIFICATE_HEADERS).replace('"', "'"),
        ca=files.ca,
        certificate=files.certificate,
        key=files.key,
        crl=f"      crl: revocationLists('{files.crl}'),\n" if files.crl else "",
        lists=_LISTS if files.crl else "",
        host=host,
        port=str(port),
    )


SERVER = MtlsServer(name="node", render=_render, runs_application=True)
