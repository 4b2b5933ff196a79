/** `question.suggest`: targets, distractors and corrupted prompts for a prompt. */
import { proposeEdits, rankEdits, sameKind } from '../../../algorithmic/question.ts';
import { MechanistError } from '../../../engine/errors.ts';
import { prune } from '../../../engine/graph/prune.ts';
import type { Metric } from '../../../engine/metrics/parse.ts';
import type { ParsedParams, Prediction } from '../../../protocol/methods.ts';
import type { CorruptedPrompt, QuestionSuggestions } from '../../../protocol/methods/algorithmicResults.ts';
import { running } from '../../running.ts';
import type { Job } from '../../scheduler.ts';
import type { OpenModel, Session } from '../../session.ts';
import { tokenText } from '../../text/predictions.ts';
import { inputsOf, promptIds, shownTokens } from './prompts.ts';

/** Candidates for answers: more would not be taken for one. */
const considered = 50;

/** Errors: `argument` for an empty prompt or a target outside the vocabulary; `unsupported` for a model that does not predict the next token. */
export async function* questionSuggest(session: Session, params: ParsedParams<'question.suggest'>, signal: AbortSignal): Job<QuestionSuggestions> {
  const open = session.model(params.model);
  const { model, runtime, tokenizer } = open;
  const ids = promptIds(open, params.text);
  yield { stage: 'predictions' };
  const run = await runtime.run(prune(model.graph(), [model.output]), model.feeds(inputsOf(ids)), model.parameters);
  const { dims, data } = run.get(model.output)!;
  const width = dims.at(-1)!;
  if (dims.length !== 3 || model.config?.causal === false) throw new MechanistError('unsupported', 'This model does not predict the next token.', { file: model.source });
  const logits = (position: number): Float32Array => (data as Float32Array).subarray(position * width, (position + 1) * width);
  const likely = predictions(open, logits(ids.length - 1), considered);
  const asked = params.target;
  if (asked !== undefined && asked >= width) throw new MechanistError('argument', `Token ${asked} is not in the vocabulary of ${width}.`, { field: 'target' });
  const target = asked === undefined ? likely[0]! : probabilityOf(open, logits(ids.length - 1), asked);
  const others = likely.filter(({ id }) => id !== target.id);
  const alike = (id: number): boolean => id < tokenizer.vocabSize && target.id < tokenizer.vocabSize && sameKind(tokenizer, id, target.id);
  /** What the prompt itself offers comes first, then what is of the target's kind. */
  const rank = ({ id }: Prediction): number => (alike(id) ? (ids.includes(id) ? 0 : 1) : 2);
  const distractors = others.toSorted((a, b) => rank(a) - rank(b)).slice(0, params.predictions);
  const before = open.tokens(params.text).before.length;
  const metric: Metric = { kind: 'logit_diff', rows: [{ right: target.id, wrong: distractors[0]!.id }], position: -1 };
  const last = logits(ids.length - 1);
  const cleanMetric = last[target.id]! - last[distractors[0]!.id]!;
  const edits = proposeEdits(tokenizer, ids, before, (position) => (position === 0 ? [] : topIds(logits(position - 1), 12).filter((id) => id < tokenizer.vocabSize)));
  const ranked = yield* running(open, 'corrupted prompts', signal, (progress) => rankEdits(model, runtime, ids, edits, { metric, ...progress }));
  const corrupted: CorruptedPrompt[] = [];
  for (const { position, to, metric: value } of ranked) {
    if (corrupted.length === params.edits) break;
    const text = edited(open, params.text, ids, position, to);
    if (text === undefined) continue;
    corrupted.push({ text, positions: [position], from: tokenText(tokenizer, ids[position]!), to: tokenText(tokenizer, to), metric: value, cleanMetric });
  }
  return { tokens: shownTokens(open, ids), predictions: likely.slice(0, params.predictions), target, distractors, corrupted };
}

/** The text with one token replaced, if it comes back from the tokenizer as exactly that. */
function edited(open: OpenModel, text: string, ids: readonly number[], position: number, to: number): string | undefined {
  const { before, offsets } = open.tokens(text);
  const [start, end] = offsets[position - before.length]!;
  const changed = text.slice(0, start) + open.tokenizer.decode([to]) + text.slice(end);
  const again = open.tokens(changed);
  const wanted = ids.with(position, to);
  const same = again.ids.length + again.before.length === wanted.length && again.ids.every((id, i) => id === wanted[i + again.before.length]);
  return same ? changed : undefined;
}

function predictions(open: OpenModel, logits: Float32Array, count: number): Prediction[] {
  return topIds(logits, count).map((id) => probabilityOf(open, logits, id));
}

function probabilityOf(open: OpenModel, logits: Float32Array, id: number): Prediction {
  const largest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  return { id, token: tokenText(open.tokenizer, id), probability: Math.exp(logits[id]! - largest) / total };
}

function topIds(logits: Float32Array, count: number): number[] {
  return Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]!).slice(0, count);
}
