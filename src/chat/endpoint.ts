/**
 * A language model behind an OpenAI-compatible endpoint on this machine (llama.cpp, Ollama, vLLM, LM Studio …). Only
 * loopback addresses are talked to, redirects are not followed, no key is sent, and what comes back is bounded.
 */
import { MechanistError, throwIfCancelled } from '../engine/errors.ts';
import { isJsonMap, parseJson } from '../engine/formats/json.ts';
import type { JsonValue } from '../engine/formats/json.ts';

export interface ChatEndpoint {
  /** Base URL without a trailing slash: `http://127.0.0.1:8080/v1`. */
  readonly url: string;
  /** Name of the model; undefined is the first that the endpoint lists. */
  readonly model: string | undefined;
}

export interface ChatOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until a request without an answer is given up. */
  readonly timeout?: number;
}

/** Characters of an answer that are kept. */
export const longestAnswer = 20_000;
const largestResponse = 4 * 2 ** 20;
const defaultTimeout = 120_000;
const hint = 'Check the setting mechanist.labels.endpoint, and that the server is running.';

/** Errors: `argument` for anything but an http(s) URL of this machine's loopback interface without credentials. */
export function chatEndpoint(url: string, model?: string): ChatEndpoint {
  const refused = (statement: string): MechanistError => new MechanistError('argument', statement, { field: 'endpoint', hint: 'Name a server on this machine, as in http://127.0.0.1:8080/v1.' });
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) throw refused('This is not the address of a server.');
  if (!isLoopback(parsed.hostname)) throw refused(`"${parsed.hostname}" is not this machine: texts are sent to loopback addresses only.`);
  if (parsed.username !== '' || parsed.password !== '') throw refused('An address with a name and password is not used.');
  const name = model?.trim();
  return { url: `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`, model: name === undefined || name === '' ? undefined : name };
}

/** The name of the model that answers. Errors: `network`, `parse`, `cancelled`; `not-found` when the endpoint lists none. */
export async function chatModel(endpoint: ChatEndpoint, options: ChatOptions = {}): Promise<string> {
  if (endpoint.model !== undefined) return endpoint.model;
  const listed = await request(`${endpoint.url}/models`, undefined, options);
  const id = member(first(member(listed, 'data')), 'id');
  if (typeof id !== 'string' || id === '') throw new MechanistError('not-found', 'The endpoint lists no model.', { file: endpoint.url, hint: 'Name one in the setting mechanist.labels.model.' });
  return id.slice(0, 200);
}

/** The model's answer to one prompt, at temperature 0. Errors: `network` without an answer, `parse` for one of another form, `cancelled`. */
export async function chat({ url }: ChatEndpoint, model: string, prompt: string, options: ChatOptions = {}): Promise<string> {
  const reply = await request(`${url}/chat/completions`, { model, temperature: 0, stream: false, messages: [{ role: 'user', content: prompt }] }, options);
  const content = member(member(first(member(reply, 'choices')), 'message'), 'content');
  if (typeof content !== 'string') throw new MechanistError('parse', 'The answer has no text.', { file: `${url}/chat/completions`, field: 'choices[0].message.content' });
  return content.slice(0, longestAnswer);
}

function member(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isJsonMap(value) ? value.get(key) : undefined;
}

function first(value: JsonValue | undefined): JsonValue | undefined {
  return Array.isArray(value) ? (value as readonly JsonValue[])[0] : undefined;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

async function request(url: string, body: object | undefined, { signal, timeout = defaultTimeout }: ChatOptions): Promise<JsonValue> {
  throwIfCancelled(signal);
  const limit = AbortSignal.timeout(timeout);
  try {
    const response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST', redirect: 'error', signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      headers: { 'user-agent': 'mechanist', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new MechanistError('network', `The endpoint answered ${response.status}.`, { file: url, hint });
    }
    return parseJson(await boundedBytes(response, url), { maxBytes: largestResponse, maxDepth: 32 });
  } catch (error) {
    throwIfCancelled(signal);
    if (MechanistError.is(error)) throw error.within(url);
    if (limit.aborted) throw new MechanistError('network', `The endpoint did not answer within ${timeout / 1000} s.`, { file: url, hint, cause: error });
    throw new MechanistError('network', 'The endpoint cannot be reached.', { file: url, hint, cause: error });
  }
}

async function boundedBytes(response: Response, url: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    length += piece.byteLength;
    // Leaving the loop cancels the rest.
    if (length > largestResponse) throw new MechanistError('parse', `The answer is larger than ${largestResponse / 2 ** 20} MiB.`, { file: url });
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
