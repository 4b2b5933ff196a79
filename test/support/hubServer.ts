/** An in-process server that speaks the hub's routes, with faults on request. Large files redirect to a second origin. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HubFile {
  readonly content: Buffer;
  /** Stored as a large file: named by SHA-256 and served by the other origin after a redirect. */
  readonly large?: boolean;
  /** Announced instead of the true hash or size. */
  readonly etag?: string;
  readonly size?: number;
}

export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
  /** Body bytes that were written. */
  sent: number;
}

export interface HubServer {
  readonly endpoint: string;
  readonly requests: Recorded[];
  readonly repositories: Map<string, { commit: string; files: Map<string, HubFile> }>;
  /** Breaks the next answer with this file's content after so many bytes. */
  breakAfter(file: string, bytes: number): void;
  /** Answers the next requests for a path that contains `part` with a status. */
  failNext(part: string, status: number, times?: number): void;
  /** Called with each chunk of content that was written. */
  onContent: () => void;
  /** Ignores Range headers, as some proxies do. */
  ignoreRange: boolean;
  knowsHead: boolean;
  /** Milliseconds before each kilobyte of content. */
  delay: number;
  close(): Promise<void>;
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

export function gitHash(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

export async function startHub(): Promise<HubServer> {
  const breaks = new Map<string, number>();
  const failures: { part: string; status: number; times: number }[] = [];
  const open = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => open.listen(0, () => resolve()));
  const { port } = open.address() as AddressInfo;

  const hub: HubServer = {
    endpoint: `http://127.0.0.1:${port}`,
    requests: [],
    repositories: new Map(),
    breakAfter: (file, bytes) => void breaks.set(file, bytes),
    failNext: (part, status, times = 1) => void failures.push({ part, status, times }),
    onContent: () => {},
    ignoreRange: false,
    knowsHead: true,
    delay: 0,
    close: () => new Promise((resolve) => {
      open.closeAllConnections();
      open.close(() => resolve());
    }),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(request.url!);
    const recorded: Recorded = { method: request.method!, path, range: request.headers.range, authorization: request.headers.authorization, sent: 0 };
    hub.requests.push(recorded);
    const failure = failures.find((candidate) => candidate.times > 0 && path.includes(candidate.part));
    if (failure !== undefined) {
      failure.times--;
      response.writeHead(failure.status).end();
      return;
    }
    if (!hub.knowsHead && request.method === 'HEAD') return void response.writeHead(405).end();
    const listing = /^\/api\/models\/(.+)\/revision\/(.+)$/.exec(path);
    if (listing !== null) {
      const repository = hub.repositories.get(listing[1]!);
      if (repository === undefined) return void response.writeHead(404).end();
      const siblings = [...repository.files.keys()].map((rfilename) => ({ rfilename }));
      return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id: listing[1], sha: repository.commit, siblings }));
    }
    const resolved = /^\/(cdn\/)?(.+)\/resolve\/([^/]+)\/(.+)$/.exec(path);
    const file = resolved === null ? undefined : hub.repositories.get(resolved[2]!)?.files.get(resolved[4]!);
    if (resolved === null || file === undefined) return void response.writeHead(404).end();
    if (file.large === true && resolved[1] === undefined) {
      return void response.writeHead(302, {
        location: `http://localhost:${port}/cdn${request.url}`, 'x-repo-commit': resolved[3]!,
        'x-linked-etag': `"${file.etag ?? sha256(file.content)}"`, 'x-linked-size': String(file.size ?? file.content.length),
      }).end();
    }
    await sendContent(request, response, resolved[4]!, file, recorded);
  }

  async function sendContent(request: IncomingMessage, response: ServerResponse, name: string, file: HubFile, recorded: Recorded): Promise<void> {
    const start = Number(hub.ignoreRange ? 0 : /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const body = file.content.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      etag: `"${file.etag ?? gitHash(file.content)}"`, 'content-length': body.length, 'accept-ranges': 'bytes',
      ...(start > 0 ? { 'content-range': `bytes ${start}-${file.content.length - 1}/${file.content.length}` } : {}),
    });
    if (request.method === 'HEAD') return void response.end();
    const limit = breaks.get(name) ?? Infinity;
    breaks.delete(name);
    for (let at = 0; at < body.length; at += 1024) {
      const chunk = body.subarray(at, Math.min(at + 1024, body.length, limit));
      if (chunk.length === 0 || response.destroyed) break;
      if (hub.delay > 0) await new Promise((resolve) => setTimeout(resolve, hub.delay));
      await new Promise((resolve) => response.write(chunk, resolve));
      recorded.sent += chunk.length;
      hub.onContent();
    }
    if (limit < body.length) response.destroy();
    else response.end();
  }

  return hub;
}
