/** Models on this machine: only loopback is talked to, and whatever a server does, there is an answer or a typed error. */
import { afterEach, expect, test } from 'vitest';
import { chat, chatEndpoint, chatModel, longestAnswer } from '../../../src/chat/endpoint.ts';
import { loopbackChat } from '../../support/loopbackChat.ts';
import type { LoopbackChat, Reply } from '../../support/loopbackChat.ts';

const servers: LoopbackChat[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const failureOf = (work: Promise<unknown>): Promise<unknown> => work.then(() => { throw new Error('The request succeeded.'); }, (error: unknown) => error);

async function serve(reply: Reply, models?: readonly string[]): Promise<LoopbackChat> {
  const server = await loopbackChat(reply, models);
  servers.push(server);
  return server;
}

test.each([
  ['http://127.0.0.1:8080/v1/', 'http://127.0.0.1:8080/v1'], ['http://localhost:11434/v1', 'http://localhost:11434/v1'], ['http://[::1]:1/v1', 'http://[::1]:1/v1'], ['https://127.8.9.10', 'https://127.8.9.10'],
  // What the address is after parsing counts.
  ['http://2130706433:80/v1', 'http://127.0.0.1/v1'],
])('%s is an address of this machine', (url, base) => {
  expect(chatEndpoint(url).url).toBe(base);
});

test.each([
  'https://api.openai.com/v1', 'http://192.168.1.5:8080', 'http://127.0.0.1.example.org/v1', 'http://localhost.example.org', 'http://0.0.0.0:80', 'http://127.0.0.1@example.org/v1', 'http://user:pass@127.0.0.1/v1', 'ftp://127.0.0.1', 'file:///etc/passwd', 'nonsense', '', 'http://[::ffff:8.8.8.8]/v1',
])('%s is refused', (url) => {
  expect(() => chatEndpoint(url)).toThrowError(expect.objectContaining({ reason: 'argument', field: 'endpoint' }));
});

test('a prompt is answered without a key, by the model that is named or the first that is listed', async () => {
  const server = await serve((prompt) => `re: ${prompt}`, ['first', 'second']);
  const endpoint = chatEndpoint(server.url);
  expect(await chatModel(endpoint)).toBe('first');
  expect(await chatModel(chatEndpoint(server.url, ' named '))).toBe('named');
  expect(await chat(endpoint, 'first', 'hello')).toBe('re: hello');
  expect(server.headers()['authorization']).toBeUndefined();
});

test('answers are bounded', async () => {
  const server = await serve(() => 'x'.repeat(longestAnswer + 500));
  expect(await chat(chatEndpoint(server.url), 'm', 'hello')).toHaveLength(longestAnswer);
  const flood = await serve(() => (response) => {
    response.writeHead(200);
    const more = (): void => { if (!response.destroyed) response.write('x'.repeat(1 << 20), more); };
    more();
  });
  expect(await failureOf(chat(chatEndpoint(flood.url), 'm', 'hello'))).toMatchObject({ reason: 'parse' });
});

test.each<[string, Reply, string]>([
  ['answers an error', () => (response) => void response.writeHead(500).end('no'), 'network'],
  ['redirects', () => (response) => void response.writeHead(302, { location: 'http://example.org/' }).end(), 'network'],
  ['hangs up', () => (response) => void response.destroy(), 'network'],
  ['says no JSON', () => (response) => void response.writeHead(200).end('<html>'), 'parse'],
  ['says other JSON', () => (response) => void response.writeHead(200).end('{"choices": [{"message": {"content": {"a": 1}}}]}'), 'parse'],
  ['nests without end', () => (response) => void response.writeHead(200).end('['.repeat(5000)), 'parse'],
])('a server that %s is a typed error', async (_, reply, reason) => {
  const server = await serve(reply);
  expect(await failureOf(chat(chatEndpoint(server.url), 'm', 'hello'))).toMatchObject({ reason, file: expect.stringContaining('/chat/completions') as string });
});

test('an endpoint that lists no model, or where nobody listens, is a typed error', async () => {
  const server = await serve(() => '', []);
  expect(await failureOf(chatModel(chatEndpoint(server.url)))).toMatchObject({ reason: 'not-found' });
  await server.close();
  servers.length = 0;
  expect(await failureOf(chatModel(chatEndpoint(server.url)))).toMatchObject({ reason: 'network' });
});

test('a server that says nothing is given up, and a request can be cancelled', async () => {
  const server = await serve(() => () => undefined);
  expect(await failureOf(chat(chatEndpoint(server.url), 'm', 'hello', { timeout: 60 }))).toMatchObject({ reason: 'network' });
  const stop = new AbortController();
  const asked = failureOf(chat(chatEndpoint(server.url), 'm', 'hello', { signal: stop.signal }));
  stop.abort();
  expect(await asked).toMatchObject({ reason: 'cancelled' });
});
