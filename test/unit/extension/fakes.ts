/** An engine without a process, and texts without an editor. Its tokens are the words of the text with what precedes them. */
import type { EngineCondition, EnginePort } from '../../../src/extension/process/enginePort.ts';
import { Listeners } from '../../../src/extension/listeners.ts';
import type { InspectedDocument } from '../../../src/extension/inspection/inspector.ts';
import type { Translate } from '../../../src/extension/translate.ts';
import type { EngineCallOptions } from '../../../src/protocol/engineClient.ts';
import type { DictionarySummary, InspectedToken, MethodName, ModelSummary, Params, Results } from '../../../src/protocol/methods.ts';

export const english: Translate = (message, ...values) => message.replace(/\{(\d+)\}/g, (_, place: string) => String(values[Number(place)]));

export function dictionary(key: string, hook = 'blocks.2.hook_resid_post'): DictionarySummary {
  return { dictionary: key, id: hook, kind: 'sae', architecture: 'topk', hook, latents: 64, hash: 'aa', source: '' };
}

export function model(key: string, dictionaries: readonly DictionarySummary[] = []): ModelSummary {
  return {
    model: key, id: key, family: 'llama', source: { kind: 'zoo', id: key }, hash: '00', layers: 4, width: 32, heads: 4, parameters: 1_000, memory: 4_000, hasTokenizer: true, hookPoints: [], dictionaries,
  };
}

export function token(text: string, start: number, more: Partial<InspectedToken> = {}): InspectedToken {
  return { text, id: 1, start, end: start + text.length, surprise: 1, expected: [], next: [], features: [], ...more };
}

export function textDocument(text: string, version = 1, id = 'file:///a.txt'): InspectedDocument {
  return { id, version, length: text.length, slice: (start, end) => text.slice(start, end) };
}

export interface Call {
  readonly method: MethodName;
  readonly params: unknown;
  readonly options: EngineCallOptions;
}

export class FakeEngine implements EnginePort {
  readonly calls: Call[] = [];
  /** Tokens that fit into the model's context. */
  context = Infinity;
  readonly models = new Map<string, ModelSummary>();
  condition: EngineCondition = { kind: 'ready', busy: false };
  private readonly changes = new Listeners<EngineCondition>();
  readonly onCondition = this.changes.event;

  become(condition: EngineCondition): void {
    this.condition = condition;
    this.changes.fire(condition);
  }

  called(method: MethodName): Call[] {
    return this.calls.filter((call) => call.method === method);
  }

  async call<M extends MethodName>(method: M, params: Params<M>, options: EngineCallOptions = {}): Promise<Results[M]> {
    this.calls.push({ method, params, options });
    await Promise.resolve();
    return this.answer(method, params) as Results[M];
  }

  async restart(): Promise<void> {
    await Promise.resolve();
    this.become({ kind: 'ready', busy: false });
  }

  private answer(method: MethodName, params: unknown): unknown {
    switch (method) {
      case 'model.open': {
        const { source } = params as Params<'model.open'>;
        return this.models.get('path' in source ? source.path : source.id);
      }
      case 'text.inspect': {
        const { text } = params as Params<'text.inspect'>;
        const tokens = Array.from(text.matchAll(/\s*\S+|\s+$/g), ([word], index) => ({ word, index })).reduce<InspectedToken[]>((list, { word }) => [...list, token(word, list.at(-1)?.end ?? 0)], []);
        return { tokens: tokens.slice(0, this.context), dictionary: undefined, leftOut: Math.max(0, tokens.length - this.context) };
      }
      case 'dictionary.open': return dictionary((params as Params<'dictionary.open'>).path);
      case 'zoo.list': return Array.from(this.models.keys(), (id) => ({ id, path: id, parameters: 1_000 }));
      case 'model.close': return null;
      default: throw new Error(`the fake engine has no ${method}`);
    }
  }
}
