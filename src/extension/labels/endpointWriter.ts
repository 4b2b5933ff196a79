/** A label writer behind the OpenAI-compatible endpoint of this machine that the settings name. Knows no vscode. */
import { chat, chatEndpoint, chatModel } from '../../chat/endpoint.ts';
import { PeerError } from '../../protocol/peer.ts';
import type { LabelWriter } from './writeLabel.ts';

/** Rejects with `PeerError`: `argument` where no endpoint is named or it is not on this machine, otherwise what became of the request. */
export async function endpointWriter(url: string, model: string, signal: AbortSignal): Promise<LabelWriter> {
  if (url.trim() === '') throw new PeerError({ reason: 'argument', message: 'No endpoint is named in the settings.', field: 'mechanist.labels.endpoint' });
  return told(async () => {
    const endpoint = chatEndpoint(url.trim(), model);
    const name = await chatModel(endpoint, { signal });
    return { name, answer: (prompt, cancelled) => told(() => chat(endpoint, name, prompt, { signal: cancelled })) };
  });
}

/** The typed errors of `src/chat`, as a conversation passes them on. */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PeerError || !(error instanceof Error)) throw error;
    const { reason, statement, file, field, hint } = error as Error & { readonly [Name in 'reason' | 'statement' | 'file' | 'field' | 'hint']?: string };
    throw new PeerError({
      reason: reason ?? 'internal', message: statement ?? error.message, ...(file === undefined ? {} : { file }), ...(field === undefined ? {} : { field }), ...(hint === undefined ? {} : { hint }),
    });
  }
}
