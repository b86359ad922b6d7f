/// <reference types="node" />
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** `enforce` refuses; `observe` lets through and logs what it would have refused. */
export type Mode = 'enforce' | 'observe';

/** What the guard found; set on the request as `req.wicketgateGuard`. All but `accepted` are refused in `enforce`. */
export type Verdict = 'accepted' | 'missing' | 'duplicate' | 'aliased' | 'mismatch' | ProofVerdict;

/** What else may be wrong with a token or a signature. */
export type ProofVerdict =
  | 'signed with a key that the issuer does not publish'
  | 'of another issuer'
  | 'for another audience'
  | 'with another claim'
  | 'expired'
  | 'not valid yet: compare the clocks'
  | 'used before'
  | 'not known to be new: the replay store failed'
  | 'of an unknown key'
  | 'beside a header that it does not cover'
  | 'for another host'
  | 'over a body larger than the guard reads'
  | 'not judged';

export interface GuardLogger {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface SecretGuardOptions {
  /** Name of the header, in any case, without underscores. Default: `backend-secret`. */
  header?: string;
  /** One or two values, the current and the next one. */
  secrets?: string | Buffer | ReadonlyArray<string | Buffer>;
  /** A file with one accepted secret a line, at most two; read again when it changes. */
  secretFile?: string;
  /**
   * Used when neither of the two above is given: the variable that holds the current secret. `NAME_NEXT` may
   * hold the next one; or `NAME_FILE` names a secret file instead. Default: `BACKEND_SECRET`.
   */
  environment?: string;
  /** Default: `enforce`. */
  mode?: Mode;
  /** Default: `console`. Gets no secret, ever. */
  logger?: GuardLogger;
}

/** What takes an upgrade, a WebSocket's for example. */
export type UpgradeHandler = (req: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface Guard {
  (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void): void;
  readonly mode: Mode;
  /**
   * For upgrades, which Express does not see: `server.on('upgrade', guard.upgrade(handler))`. The handler is called
   * for those that may go on; others are answered with 401. A second listener of the server's goes round the guard.
   *
   * @throws GuardConfigurationError when it is given anything but a function.
   */
  upgrade(handler: UpgradeHandler): UpgradeHandler;
}

export declare const MINIMUM_SECRET_BYTES: 16;

/** The guard cannot be made as asked. The message says where, why and what to do, and holds no value. */
export declare class GuardConfigurationError extends Error {}

/**
 * Express middleware that accepts a request carrying exactly one of the accepted secrets, exactly once.
 * Use it before everything else: `app.use(secretGuard())`. The handlers after it do not see the header.
 *
 * @throws GuardConfigurationError when there is no usable secret or an option is not valid.
 */
export declare function secretGuard(options?: SecretGuardOptions): Guard;

/** Remembers one-time keys. Several processes that serve one origin must share one, in a database for example. */
export interface ReplayStore {
  /**
   * Notes a key until a time (unix seconds); tells whether it is the first time. Must be one atomic step, and must end:
   * give it a time limit. Anything but `true` refuses the request; what it throws is logged.
   */
  first(key: string, until: number): boolean | Promise<boolean>;
}

/** Remembers within one process. */
export declare class MemoryReplayStore implements ReplayStore {
  /**
   * @param options.most How many keys. One more is refused, until one has ended: what counts is never forgotten.
   * Default: 1,000,000, which is 2,700 requests a second with the signature guard's `window` of 300 s, and 300 MB.
   * @param options.now The clock, in unix seconds.
   */
  constructor(options?: { most?: number; now?: () => number });
  /** @throws Error when it is full. */
  first(key: string, until: number): boolean;
}

export interface TokenGuardOptions {
  /** The `iss` of the gateway's tokens: `wicket issuer show` tells it. */
  issuer: string;
  /** What the gateway's policy names as `audience`; nothing else is accepted. */
  audience: string;
  /** Which algorithms may sign. Default: `['ES256']`. */
  algorithms?: ReadonlyArray<'ES256' | 'RS256' | 'EdDSA'>;
  /** The URL of the keys, or a file (`wicket issuer export-jwks`). Default: the issuer's own. */
  jwks?: string;
  /** Further claims that must have exactly these values. */
  claims?: Readonly<Record<string, string>>;
  /** Accept each token (`jti`) once: for tokens that somebody makes for each request. */
  once?: boolean;
  /** Where one-time tokens are remembered; needs `once`. Default: in this process. */
  replay?: ReplayStore;
  /** The clock, in unix seconds. */
  now?: () => number;
  /** Default: `authorization`. */
  header?: string;
  /** The scheme before the token; empty for the bare token. Default: `Bearer`. */
  prefix?: string;
  /** Default: `enforce`. */
  mode?: Mode;
  /** Default: `console`. Gets no token, ever. */
  logger?: GuardLogger;
}

/**
 * Express middleware that accepts a request carrying exactly one valid token of one issuer for this origin.
 *
 * @throws GuardConfigurationError when an option is missing or not safe.
 */
export declare function tokenGuard(options: TokenGuardOptions): Guard;

export interface SignatureGuardOptions {
  /**
   * By key id the secret that signs, or the current and the next one (`sigv4`). No comma, slash or space in a key id,
   * no white space at the ends of a secret.
   */
  secrets?: Readonly<Record<string, string | readonly [string, string]>>;
  /** By key id a P-256 public key, PEM (`sigv4a`). */
  publicKeys?: Readonly<Record<string, string>>;
  /** As the gateway's policy has them. Default: `wicketgate` in `origin`. */
  service?: string;
  region?: string;
  /** Seconds for which a signature counts. Default: 300. */
  window?: number;
  /** Seconds by which the signer's clock may be ahead. Default: 60. */
  ahead?: number;
  /** Let bodies in that are not signed: of any size, for they are not read, and without trailers. Default: false. */
  unsignedPayload?: boolean;
  /** The names (`Host`) that this origin has; give them if another origin has the same key. */
  hosts?: readonly string[];
  /** What proxies between the gateway and this origin add, such as `x-forwarded-port`. */
  unsignedHeaders?: readonly string[];
  /** Where signatures are remembered; several processes must share one. Default: in this process. */
  replay?: ReplayStore;
  /** Bytes of a body that are read to be checked. Default: 1 MiB. */
  bodyLimit?: number;
  /** The clock, in unix seconds. */
  now?: () => number;
  /** Default: `enforce`. */
  mode?: Mode;
  /** Default: `console`. Gets no secret, ever. */
  logger?: GuardLogger;
}

/**
 * Express middleware that accepts a request once, if its signature (AWS Signature Version 4) covers all of it.
 * When the signature is right the body is read whole, checked, and put back for the handlers and for parsers of bodies:
 * mount the guard before those.
 *
 * @throws GuardConfigurationError when there is no usable key or an option is not valid.
 */
export declare function signatureGuard(options: SignatureGuardOptions): Guard;
