/**
 * The host's end of the conversation with one panel's page. VS Code throws a hidden page away and makes it again when it is
 * shown, so a page may say hello any number of times; what the one before has asked for is cancelled. Knows no vscode.
 */
import * as v from 'valibot';
import { paramsSchemas } from '../../protocol/methods.ts';
import type { MethodName } from '../../protocol/methods.ts';
import { Peer, PeerError } from '../../protocol/peer.ts';
import type { IncomingCall, Transport } from '../../protocol/peer.ts';
import { isPanelMethod, mayCall, pageEventSchemas, panelSchemas, writes } from '../../protocol/views/panel.ts';
import type { PageEvents, PanelEvents, PanelKind, PanelMethod, PanelResults, ParsedPanelParams } from '../../protocol/views/panel.ts';
import type { WireError } from '../../protocol/wire.ts';
import type { EnginePort } from '../process/enginePort.ts';
import type { Translate } from '../translate.ts';

/** The host's own methods. */
export type PanelHandlers = { readonly [M in PanelMethod]: (params: ParsedPanelParams<M>, call: Pick<IncomingCall, 'signal' | 'progress'>) => Promise<PanelResults[M]> };

export interface ConversationParts {
  readonly kind: PanelKind;
  readonly engine: EnginePort;
  readonly handlers: PanelHandlers;
  readonly mayWrite: () => boolean;
  /** To the page. */
  readonly send: (message: unknown) => void;
  readonly onPageEvent: <E extends keyof PageEvents>(event: E, value: PageEvents[E]) => void;
  readonly report: (problem: string) => void;
  readonly t: Translate;
}

export class PageConversation {
  private readonly parts: ConversationParts;
  private peer: Peer | undefined;
  private deliver: ((message: unknown) => void) | undefined;

  constructor(parts: ConversationParts) {
    this.parts = parts;
  }

  /** Whatever the page has posted. */
  receive(message: unknown): void {
    if (isHello(message)) this.begin();
    this.deliver?.(message);
  }

  /** Dropped where there is no page to hear it: it asks for everything when it starts. */
  tell<E extends keyof PanelEvents>(event: E, value: PanelEvents[E]): void {
    this.peer?.emit(event, value);
  }

  /** The page is gone or hidden. */
  end(): void {
    this.peer?.close('the page is gone');
    this.peer = undefined;
    this.deliver = undefined;
  }

  private begin(): void {
    this.end();
    const transport: Transport = {
      send: (envelope) => this.parts.send(envelope),
      onMessage: (listener) => { this.deliver = listener; },
      onClose: () => undefined,
    };
    this.peer = new Peer(transport, {
      handle: (call) => this.answer(call),
      describeError,
      onEvent: (name, value) => this.hear(name, value),
      onViolation: (problem) => this.parts.report(`${this.parts.kind} page: ${problem}`),
    });
  }

  private async answer({ method, params, priority, signal, progress }: IncomingCall): Promise<unknown> {
    const { kind, engine, handlers } = this.parts;
    if (isPanelMethod(method)) {
      const handler = handlers[method] as (params: unknown, call: Pick<IncomingCall, 'signal' | 'progress'>) => Promise<unknown>;
      return handler(parsed(panelSchemas[method], params, method), { signal, progress });
    }
    const checked = checkedCall(kind, method, params, this.parts.mayWrite(), this.parts.t);
    return engine.call(checked.method, checked.params as never, { priority, signal, onProgress: progress });
  }

  private hear(name: string, value: unknown): void {
    if (!Object.hasOwn(pageEventSchemas, name)) {
      this.parts.report(`${this.parts.kind} page: no event ${name}`);
      return;
    }
    const event = name as keyof PageEvents;
    const result = v.safeParse(pageEventSchemas[event], value);
    if (result.success) this.parts.onPageEvent(event, result.output);
    else this.parts.report(`${this.parts.kind} page: ${event}: ${v.summarize(result.issues)}`);
  }
}

/** A page's request to the engine, if its panel may make it. Throws `PeerError`: `protocol` for methods and parameters, `permission` for writing in a workspace that is not trusted. */
export function checkedCall(kind: PanelKind, method: string, params: unknown, mayWrite: boolean, t: Translate): { readonly method: MethodName; readonly params: unknown } {
  if (!mayCall(kind, method)) throw new PeerError({ reason: 'protocol', message: `The ${kind} panel has no method "${method}".` });
  if (writes(method, params) && !mayWrite) throw new PeerError({ reason: 'permission', message: t('Nothing is written into a workspace that is not trusted.'), hint: t('Trust the workspace to go on.') });
  parsed(paramsSchemas[method], params, method);
  return { method, params };
}

function parsed<S extends v.GenericSchema>(schema: S, params: unknown, method: string): v.InferOutput<S> {
  const result = v.safeParse(schema, params);
  if (!result.success) throw new PeerError({ reason: 'protocol', message: `${method}: ${v.summarize(result.issues)}` });
  return result.output;
}

function describeError(error: unknown): WireError {
  return PeerError.is(error) ? error.details : { reason: 'internal', message: error instanceof Error ? error.message : String(error) };
}

function isHello(message: unknown): boolean {
  return typeof message === 'object' && message !== null && (message as { kind?: unknown }).kind === 'hello';
}
