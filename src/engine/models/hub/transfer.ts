/**
 * Fetching one file into the blobs of the cache: resumed where it stopped, checked against the hash the hub announced,
 * and given its final name only then.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { MechanistError } from '../../errors.ts';
import { bodyOf } from './body.ts';
import { sizeOf } from './cache.ts';
import { checkStatus, redirectTarget, requestOnce } from './request.ts';
import type { Connection } from './request.ts';

export interface RemoteFile {
  readonly url: string;
  /** The hub's name for the content: its SHA-256 (large files) or git blob SHA-1 (small ones). */
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
}

/** Asks the hub for a file's hash and size. Errors: `not-found`, `network`, `cancelled`; `parse` when either is missing. */
export async function describeRemote(connection: Connection, url: string): Promise<RemoteFile> {
  let response = await headersOf(connection, url);
  let at = url;
  for (let hop = 0; hop < mostRedirects && !response.headers.has('x-linked-etag'); hop++) {
    const target = redirectTarget(response, at);
    if (target === undefined || new URL(target).origin !== new URL(connection.endpoint).origin) break;
    at = target;
    response = await headersOf(connection, at);
  }
  const redirected = response.status >= 300 && response.status < 400;
  if (!redirected) checkStatus(response, url);
  const { headers } = response;
  const etag = (headers.get('x-linked-etag') ?? headers.get('etag') ?? '').replace(/^W\//, '').replaceAll('"', '');
  const size = headers.get('x-linked-size') ?? (redirected ? null : headers.get('content-length'));
  if (!/^[0-9A-Za-z][\w-]{0,127}$/.test(etag)) throw new MechanistError('parse', 'The hub does not say what the content of the file is.', { file: url, field: 'etag' });
  if (size === null || !/^\d{1,15}$/.test(size)) throw new MechanistError('parse', 'The hub does not say how large the file is.', { file: url, field: 'size' });
  return { url, etag, size: Number(size) };
}

/**
 * Brings the content to `blob`, continuing `blob.incomplete` when it exists. `onBytes` gets the bytes that are there so far.
 * Errors: `network` (`TransientError` when trying again may help; the part that arrived stays), `cancelled`.
 */
export async function fetchBlob(connection: Connection, remote: RemoteFile, blob: string, onBytes: (received: number) => void): Promise<void> {
  const partial = `${blob}.incomplete`;
  let have = (await sizeOf(partial)) ?? 0;
  if (have > remote.size) {
    await rm(partial);
    have = 0;
  }
  onBytes(have);
  if (have < remote.size || remote.size === 0) await receive(connection, remote, partial, have, onBytes);
  await verify(remote, partial);
  await rename(partial, blob);
}

const mostRedirects = 5;

/** An answer of which only the headers matter; servers that do not know HEAD are asked with GET. */
async function headersOf(connection: Connection, url: string): Promise<Response> {
  const response = await requestOnce(connection, url, { method: 'HEAD' });
  if (response.status !== 405 && response.status !== 501) return response;
  const got = await requestOnce(connection, url);
  await got.body?.cancel();
  return got;
}

async function receive(connection: Connection, remote: RemoteFile, partial: string, have: number, onBytes: (received: number) => void): Promise<void> {
  const { response, url } = await get(connection, remote.url, have > 0 ? { range: `bytes=${have}-` } : {});
  const resumed = response.status === 206;
  if (resumed && !(response.headers.get('content-range') ?? '').startsWith(`bytes ${have}-`)) {
    throw new MechanistError('network', 'The server sends another part of the file than was asked for.', { file: url });
  }
  const chunks = bodyOf(connection, response, url);
  const file = await open(partial, resumed ? 'a' : 'w');
  let received = resumed ? have : 0;
  try {
    for await (const chunk of chunks) {
      received += chunk.length;
      if (received > remote.size) break;
      await file.writeFile(chunk);
      onBytes(received);
    }
  } finally {
    await file.close();
  }
  if (received !== remote.size) {
    await rm(partial);
    throw new MechanistError('network', `The server sent ${received > remote.size ? 'more' : 'fewer'} bytes than the ${remote.size} it announced.`, { file: url });
  }
}

async function get(connection: Connection, url: string, headers: Record<string, string>): Promise<{ response: Response; url: string }> {
  let at = url;
  for (let hop = 0; hop <= mostRedirects; hop++) {
    const response = await requestOnce(connection, at, { headers });
    const target = redirectTarget(response, at);
    if (target === undefined) {
      checkStatus(response, at);
      return { response, url: at };
    }
    await response.body?.cancel();
    at = target;
  }
  throw new MechanistError('network', 'Too many redirects.', { file: url });
}

async function verify({ url, etag, size }: RemoteFile, partial: string): Promise<void> {
  const hash = /^[0-9a-f]{64}$/.test(etag) ? createHash('sha256') : /^[0-9a-f]{40}$/.test(etag) ? createHash('sha1').update(`blob ${size}\0`) : undefined;
  // Mirrors may name content otherwise; then its size is all there is to check.
  if (hash === undefined) return;
  for await (const chunk of createReadStream(partial)) hash.update(chunk as Buffer);
  const found = hash.digest('hex');
  if (found === etag) return;
  await rm(partial);
  throw new MechanistError('network', `The file does not have the hash that the hub announced: ${found} instead of ${etag}.`, {
    file: url, hint: 'It was discarded. If this happens again, the server or something on the way changes files.',
  });
}
