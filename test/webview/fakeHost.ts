/** A host for pages without an editor: answers by the table it is given, remembers what was asked. */
import type { MethodName, ModelSummary } from '../../src/protocol/methods.ts';
import { Peer, PeerError } from '../../src/protocol/peer.ts';
import type { PanelContext, PanelEvents, PanelStart } from '../../src/protocol/views/panel.ts';
import { PanelChannel } from '../../webview-ui/shared/channel.ts';
import type { StatefulHost } from '../../webview-ui/shared/host.ts';
import { Session } from '../../webview-ui/shared/session.ts';
import { settled } from './settled.ts';

export type Answers = Readonly<Record<string, (params: never, progress: (value: unknown) => void, signal: AbortSignal) => unknown>>;

export interface Asked {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export class FakeHost implements StatefulHost {
  readonly asked: Asked[] = [];
  readonly heard: { readonly name: string; readonly value: unknown }[] = [];
  state: unknown;
  private listener: ((message: unknown) => void) | undefined;
  private deliver: ((message: unknown) => void) | undefined;
  private readonly peer: Peer;

  constructor(answers: Answers) {
    this.peer = new Peer(
      { send: (envelope) => queueMicrotask(() => this.listener?.(asPosted(envelope))), onMessage: (listener) => { this.deliver = listener; }, onClose: () => undefined },
      {
        handle: async ({ method, params, progress, signal }) => {
          this.asked.push({ method, params: params as Asked['params'] });
          const answer = answers[method];
          if (answer === undefined) throw new PeerError({ reason: 'unsupported', message: `no answer to ${method}` });
          return answer(params as never, progress, signal);
        },
        describeError: (error) => (PeerError.is(error) ? error.details : { reason: 'internal', message: String(error) }),
        onEvent: (name, value) => this.heard.push({ name, value }),
      },
    );
  }

  send(message: unknown): void {
    const copy = structuredClone(message);
    queueMicrotask(() => this.deliver?.(copy));
  }

  onMessage(listener: (message: unknown) => void): void {
    this.listener = listener;
  }

  readState(): unknown {
    return this.state;
  }

  writeState(state: unknown): void {
    this.state = structuredClone(state);
  }

  tell<E extends keyof PanelEvents>(event: E, value: PanelEvents[E]): void {
    this.peer.emit(event, value);
  }

  called(method: MethodName | `panel.${string}`): Asked['params'][] {
    return this.asked.filter((one) => one.method === method).map(({ params }) => params);
  }
}

export const model: ModelSummary = {
  model: 'm1', id: 'fable-4l', family: 'llama', source: { kind: 'zoo', id: 'fable-4l' }, hash: 'abc', layers: 4, width: 128, heads: 4, parameters: 1_000_000, memory: 4_000_000, hasTokenizer: true,
  hookPoints: ['blocks.0.hook_resid_post', 'blocks.1.hook_resid_post', 'blocks.1.hook_mlp_out', 'blocks.2.hook_resid_post', 'blocks.2.attn.hook_pattern'],
  dictionaries: ['blocks.1.hook_resid_post', 'blocks.2.hook_resid_post'].map((hook, index) => ({ dictionary: `d${index + 1}`, id: hook, kind: 'sae', architecture: 'topk', hook, latents: 1024, hash: `hash${index}`, source: 'bundled' })),
};

export const context: PanelContext = {
  engine: { kind: 'ready' }, opening: { kind: 'none' }, trusted: true, models: [model], model: 'm1', dictionary: 'd2', folders: { labels: 'ws/.mechanist/labels', stores: 'ws/.mechanist/stores', dictionaries: 'ws/.mechanist/dictionaries' },
};

export const started: PanelStart = { context, selection: { text: 'When Mary and John went', document: 'file:///a.txt', start: 0, end: 23 }, show: undefined, jobs: [] };

/** A panel's page in the document, started, with a host that answers by the table. */
export async function openPanel<V extends HTMLElement & { session: Session | undefined; readonly updateComplete: Promise<unknown> }>(element: string, answers: Answers, place: unknown): Promise<{ readonly host: FakeHost; readonly view: V }> {
  const host = new FakeHost(answers);
  host.state = place;
  const view = document.createElement(element) as V;
  const session = new Session(new PanelChannel(host), host);
  view.session = session;
  document.body.append(view);
  await session.start();
  await settled(view);
  return { host, view };
}

/** A message as it reaches a page of VS Code: JSON, in which numbers that are not finite become null, with typed arrays as they are. */
function asPosted(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return structuredClone(value);
  if (Array.isArray(value)) return value.map((item) => (item === undefined ? null : asPosted(item)));
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined).map(([name, member]) => [name, asPosted(member)]));
}
