/** A label writer out of the language models that VS Code offers: the user chooses one, and it can refuse. Knows no vscode. */
import { PeerError } from '../../protocol/peer.ts';
import type { Translate } from '../translate.ts';
import type { LabelWriter } from './writeLabel.ts';

export interface ChatModel {
  readonly name: string;
  readonly vendor: string;
  readonly family: string;
  /** Pieces of the answer. Rejects with an error whose `code` is one of `LanguageModelError`'s. */
  readonly send: (prompt: string, signal: AbortSignal) => Promise<AsyncIterable<string>>;
}

/** Characters of an answer that are read. */
const longestAnswer = 20_000;

/** Rejects with `PeerError`: `not-found` where there is no model, `cancelled` when the user thinks better of it. */
export async function chatModelWriter<M extends ChatModel>(models: readonly M[], choose: (models: readonly M[]) => PromiseLike<M | undefined>, t: Translate): Promise<LabelWriter> {
  if (models.length === 0) throw new PeerError({ reason: 'not-found', message: t('VS Code offers no language model.'), hint: t('Install an extension that provides one and sign in to it, or use a local endpoint.') });
  const model = await choose(models);
  if (model === undefined) throw cancelled();
  return { name: model.name, answer: (prompt, signal) => answer(model, prompt, signal, t) };
}

async function answer(model: ChatModel, prompt: string, signal: AbortSignal, t: Translate): Promise<string> {
  const stop = new AbortController();
  try {
    let said = '';
    for await (const piece of await model.send(prompt, AbortSignal.any([signal, stop.signal]))) {
      said += piece;
      if (signal.aborted || said.length >= longestAnswer) break;
    }
    if (signal.aborted) throw cancelled();
    return said.slice(0, longestAnswer);
  } catch (error) {
    if (signal.aborted) throw cancelled();
    throw refusal(error, model.name, t);
  } finally {
    stop.abort();
  }
}

function refusal(error: unknown, name: string, t: Translate): PeerError {
  const said = error instanceof Error ? error.message : String(error);
  switch ((error as { readonly code?: unknown } | null)?.code) {
    case 'NoPermissions': return new PeerError({ reason: 'permission', message: t('Mechanist may not use {0}.', name), hint: t('VS Code asks once; the answer is changed with “Manage Language Model Access”.') });
    case 'Blocked': return new PeerError({ reason: 'network', message: t('{0} refuses to answer now, for its quota or its filters: {1}', name, said) });
    case 'NotFound': return new PeerError({ reason: 'not-found', message: t('{0} is not there any more.', name), hint: t('Choose another model.') });
    default: return new PeerError({ reason: 'network', message: t('{0} has not answered: {1}', name, said) });
  }
}

function cancelled(): PeerError {
  return new PeerError({ reason: 'cancelled', message: 'Cancelled.' });
}
