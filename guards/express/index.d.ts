/// <reference types="node" />
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** `enforce` refuses; `observe` lets through and logs what it would have refused. */
export type Mode = 'enforce' | 'observe';

/** What the guard found; set on the request as `req.wicketgateGuard`. All but `accepted` are refused in `enforce`. */
export type Verdict = 'accepted' | 'missing' | 'duplicate' | 'aliased' | 'mismatch';

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

export interface SecretGuard {
  (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void): void;
  readonly mode: Mode;
  /**
   * For `server.on('upgrade', …)`, which Express does not see: returns whether the upgrade may go on, and
   * otherwise answers it with 401 and ends the socket.
   */
  admitsUpgrade(req: IncomingMessage, socket: Duplex): boolean;
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
export declare function secretGuard(options?: SecretGuardOptions): SecretGuard;
