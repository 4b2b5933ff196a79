/** `text.lens`: the logit lens at one token. */
import { logitLens } from '../../algorithmic/logitLens.ts';
import { residualStreams } from '../../algorithmic/readout.ts';
import { MechanistError } from '../../engine/errors.ts';
import { i64, numbersOf } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { LensReading, ParsedParams, Prediction } from '../../protocol/methods.ts';
import type { Job } from '../scheduler.ts';
import type { Session } from '../session.ts';
import { rowOf, tokenText } from '../text/predictions.ts';
import { contextOf, windowIds } from '../text/read.ts';
import { planWindows } from '../text/windows.ts';
import { whileWaiting } from '../waiting.ts';

/**
 * The token is read with the context that `text.inspect` gives it, so that the last layer says what is shown there.
 * Errors: `argument` for a token the text does not have; those of `logitLens`.
 */
export async function* textLens(session: Session, params: ParsedParams<'text.lens'>, signal: AbortSignal): Job<LensReading> {
  const open = session.model(params.model);
  if (open.model.config?.causal === false) throw new MechanistError('unsupported', 'This model does not predict the next token.', { file: open.model.source });
  const text = open.tokens(params.text);
  const { token, topPredictions } = params;
  const windows = planWindows(text.ids.length, contextOf(open), text.before.length + text.after.length);
  const window = windows.find(({ keep, to }) => keep <= token && token < to);
  if (window === undefined) throw new MechanistError('argument', `The text has ${text.ids.length} tokens.`, { field: `token ${token}` });
  // What follows cannot reach a position of a causal model.
  const ids = windowIds({ ...text, after: [] }, window.from, token + 1);
  const common = { inputs: new Map<string, Tensor>([['input_ids', i64([1, ids.length], ids)]]), lastPosition: true, signal };
  const hooks = residualStreams(open.model.graph());
  const waiting = { done: 0, of: hooks.length };

  const following = text.ids[token + 1];
  const last = following === undefined ? yield* whileWaiting(logitLens(open.model, open.runtime, { ...common, hooks: hooks.slice(-1), topK: 1 }), waiting) : [];
  const target = following ?? rowOf(last[0]!.topIds, 0)[0]!;
  const layers = yield* whileWaiting(logitLens(open.model, open.runtime, { ...common, hooks, topK: topPredictions, targets: i64([1, 1], [target]) }), waiting);
  const { tokenizer } = open;
  return {
    layers: layers.map((layer) => ({
      hook: layer.hook,
      top: rowOf(layer.topIds, 0).map((id, i): Prediction => ({ token: tokenText(tokenizer, id), id, probability: numbersOf(layer.topProbabilities)[i]! })),
      target: { token: tokenText(tokenizer, target), probability: numbersOf(layer.targetProbability!)[0]!, rank: numbersOf(layer.targetRank!)[0]! },
      entropy: numbersOf(layer.entropy)[0]!,
      klToOutput: numbersOf(layer.klToOutput)[0]!,
    })),
  };
}
