/** HTTP towards a hub: redirects followed by hand (metadata is in the headers of the first answer), typed failures. */
import { MechanistError, throwIfCancelled } from '../../errors.ts';

export interface Connection {
  /** Base URL without a trailing slash. */
  readonly endpoint: string;
  /** Access token, sent to the endpoint's own origin only. */
  readonly token: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A failure that may pass: a broken connection, a server error, too many requests. */
export class TransientError extends MechanistError {
  constructor(statement: string, url: string, cause?: unknown) {
    super('network', statement, { file: url, hint: 'Check the connection and try again: what has arrived is kept.', cause });
  }
}

/** The endpoint to talk to: `HF_ENDPOINT`, else the public hub. Errors: `argument` for anything but an http(s) URL. */
export function hubEndpoint(given: string | undefined, environment: NodeJS.ProcessEnv = process.env): string {
  const text = given ?? (environment['HF_ENDPOINT'] || 'https://huggingface.co');
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) {
    throw new MechanistError('argument', `"${text}" is not the address of a hub.`, { field: 'endpoint', hint: 'Set HF_ENDPOINT to an http(s) URL.' });
  }
  return text.replace(/\/+$/, '');
}

export interface Request {
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** One request without following redirects. Errors: `cancelled`; `TransientError` when no answer came. */
export async function requestOnce(connection: Connection, url: string, init: Request = {}): Promise<Response> {
  throwIfCancelled(connection.signal);
  const ownOrigin = new URL(url).origin === new URL(connection.endpoint).origin;
  const authorization: Record<string, string> = ownOrigin && connection.token !== undefined ? { authorization: `Bearer ${connection.token}` } : {};
  const signals = [connection.signal, init.signal].filter((signal) => signal !== undefined);
  try {
    return await fetch(url, {
      method: init.method ?? 'GET',
      redirect: 'manual',
      // Content-Length must be the size of the file, not of a compressed form of it.
      headers: { 'accept-encoding': 'identity', 'user-agent': 'mechanist', ...authorization, ...init.headers },
      ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }),
    });
  } catch (error) {
    throwIfCancelled(connection.signal);
    throw new TransientError(`No answer from the server (${causeOf(error)}).`, url, error);
  }
}

/** The address a redirect leads to, or undefined for any other answer. Errors: `network` for one that must not be followed. */
export function redirectTarget(response: Response, url: string): string | undefined {
  if (response.status < 300 || response.status >= 400 || response.status === 304) return undefined;
  const location = response.headers.get('location');
  const target = location !== null && URL.canParse(location, url) ? new URL(location, url) : undefined;
  const secure = target?.protocol === 'https:' || (target?.protocol === 'http:' && new URL(url).protocol === 'http:');
  if (target === undefined || !secure) throw new MechanistError('network', `The server redirects to "${location ?? ''}".`, { file: url });
  return target.href;
}

/** Turns an answer that is not a success into an error: `not-found` (404), `TransientError` (429, 5xx), `network` (others). */
export function checkStatus(response: Response, url: string): void {
  const { status } = response;
  if (status >= 200 && status < 300) return;
  if (status === 404) throw new MechanistError('not-found', 'The hub does not have this.', { file: url, hint: 'Check the model id, the revision and the file name.' });
  if (status === 401 || status === 403) {
    throw new MechanistError('network', `The hub refuses access (${status}).`, {
      file: url, hint: 'The model does not exist, or it is private or gated: accept its terms and set HF_TOKEN.',
    });
  }
  if (status === 429 || status >= 500) throw new TransientError(`The server answered ${status}.`, url);
  throw new MechanistError('network', `The server answered ${status}.`, { file: url });
}

/** Innermost message of a failed fetch, which hides it behind "fetch failed". */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? causeOf(error.cause) : error.message;
}
