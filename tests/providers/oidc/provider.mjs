// oidc-provider with one client for each way of saying who asks; its port on the first line.
// Arguments: certificate, key, authority of clients (PEM files), JWK set of the client with a private key, and a JSON
// file that says what is another by now: fields by client id, or null for a client that is no more.

import fs from 'node:fs';
import https from 'node:https';
import { Provider } from 'oidc-provider';

const [certificate, key, authority, jwks, changes] = process.argv.slice(2);
const RESOURCE = 'https://orders.example.com';
const server = https.createServer({
  cert: fs.readFileSync(certificate),
  key: fs.readFileSync(key),
  ca: fs.readFileSync(authority),
  requestCert: true,
  rejectUnauthorized: false,
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address();
const common = {
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  scope: 'orders.write',
  id_token_signed_response_alg: 'ES256',
};
const secret = 'a secret + with: odd/characters & spaces%';
const clients = [
  { client_id: 'basic:odd id', client_secret: secret, token_endpoint_auth_method: 'client_secret_basic', ...common },
  { client_id: 'post', client_secret: secret, token_endpoint_auth_method: 'client_secret_post', ...common },
  {
    client_id: 'assertion',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: JSON.parse(jwks),
    ...common,
  },
  {
    client_id: 'certificate',
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_san_dns: 'gateway.example.com',
    ...common,
  },
];

// What oidc-provider keeps things in; clients are looked up at each request.
class Store {
  static kept = new Map();

  constructor(kind) {
    this.kind = kind;
  }

  async find(id) {
    if (this.kind !== 'Client') return Store.kept.get(`${this.kind} ${id}`);
    const found = clients.find((each) => each.client_id === id);
    const changed = JSON.parse(fs.readFileSync(changes))[id];
    return found && changed !== null ? { ...found, ...changed } : undefined;
  }

  async upsert(id, row) {
    Store.kept.set(`${this.kind} ${id}`, row);
  }
}

const provider = new Provider(`https://localhost:${port}`, {
  adapter: Store,
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth'],
  scopes: ['orders.write'],
  ttl: { ClientCredentials: 600 },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: false },
    mTLS: {
      enabled: true,
      tlsClientAuth: true,
      getCertificate: (ctx) => ctx.req.socket.getPeerX509Certificate(),
      certificateAuthorized: (ctx) => ctx.req.socket.authorized,
      certificateSubjectMatches: (ctx, property, expected) =>
        property === 'tls_client_auth_san_dns' &&
        ctx.req.socket.getPeerX509Certificate().subjectAltName === `DNS:${expected}`,
    },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (ctx, resource) => {
        if (resource !== RESOURCE) throw Object.assign(new Error('invalid_target'), { error: 'invalid_target', status: 400 });
        const jwt = { sign: { alg: 'ES256' } };
        return { scope: 'orders.write', audience: RESOURCE, accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt };
      },
    },
  },
  jwks: { keys: [{ ...JSON.parse(process.env.PROVIDER_KEY) }] },
});
server.on('request', provider.callback());
console.log(port);
