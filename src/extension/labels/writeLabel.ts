/** Carries a feature's questions from the engine to a language model and its answers back, until there is a label with a score. Knows no vscode. */
import type { Params } from '../../protocol/methods.ts';
import { PeerError } from '../../protocol/peer.ts';
import type { WritingProgress, WrittenLabel } from '../../protocol/methods/labelResults.ts';
import type { EnginePort } from '../process/enginePort.ts';

/** Somebody who answers prompts. */
export interface LabelWriter {
  readonly name: string;
  /** Rejects with `PeerError`. The answer is text that nobody vouches for. */
  readonly answer: (prompt: string, signal: AbortSignal) => Promise<string>;
}

export interface WritingOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: WritingProgress) => void;
}

/** The longest answer that is passed on. */
const longestReply = 20_000;

/** Rejects with `PeerError`: what the engine or the writer says, or `cancelled`. */
export async function writeLabel(engine: EnginePort, params: Omit<Params<'semantic.label.write'>, 'replies'>, { name, answer }: LabelWriter, { signal, onProgress }: WritingOptions): Promise<WrittenLabel> {
  const replies: string[] = [];
  for (;;) {
    const step = await engine.call('semantic.label.write', { ...params, replies }, { signal });
    if (step.kind === 'done') {
      const { label, score, answers, wrong, unanswered } = step;
      return { label, writer: name, score, answers, wrong, unanswered };
    }
    for (const prompt of step.prompts) {
      if (signal.aborted) throw new PeerError({ reason: 'cancelled', message: 'Cancelled.' });
      onProgress({ stage: step.stage, done: replies.length, of: step.of });
      replies.push((await answer(prompt, signal)).slice(0, longestReply));
    }
  }
}
