// Reads one JSON object a line: {algorithm, audience, issuer, reach, token}; answers one a line: {claims} or {refused}.
import { createInterface } from 'node:readline';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as oidc from 'openid-client';

const found = new Map();

// The issuer's public address leads to the gateway under test.
async function discovered(issuer, reach) {
  if (!found.has(issuer)) {
    const customFetch = (url, options) => fetch(String(url).replace(new URL(issuer).origin, reach), options);
    const options = { [oidc.customFetch]: customFetch };
    found.set(issuer, await oidc.discovery(new URL(issuer), 'origin', undefined, oidc.None(), options));
  }
  return found.get(issuer).serverMetadata();
}

async function verify({ algorithm, audience, issuer, reach, token }) {
  const metadata = await discovered(issuer, reach);
  const keys = createRemoteJWKSet(new URL(metadata.jwks_uri.replace(new URL(issuer).origin, reach)));
  const { payload } = await jwtVerify(token, keys, { algorithms: [algorithm], audience, issuer, typ: 'JWT' });
  return { claims: payload, metadata };
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await verify(JSON.parse(line)).catch((error) => ({ refused: error.code ?? String(error) }));
  console.log(JSON.stringify(answer));
}
