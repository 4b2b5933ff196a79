/** `lens.grid` and `lens.train`: what every layer predicts at every position, by the logit lens or a tuned one. */
import { readFile, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { logitLens } from '../../../algorithmic/logitLens.ts';
import { readableHooks, residualStreams } from '../../../algorithmic/readout.ts';
import { tokenWindows } from '../../../algorithmic/tunedLens/tokenWindows.ts';
import { trainTunedLens } from '../../../algorithmic/tunedLens/train.ts';
import { loadTunedLens, saveTunedLens } from '../../../algorithmic/tunedLens/tunedLens.ts';
import { MechanistError } from '../../../engine/errors.ts';
import { i64, numbersOf } from '../../../engine/tensor.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { LensGrid, TunedLensReport } from '../../../protocol/methods/algorithmicResults.ts';
import { checkedPath } from '../../paths.ts';
import { running } from '../../running.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { tokenText } from '../../text/predictions.ts';
import { contextOf } from '../../text/read.ts';
import { inputsOf, promptIds, shownTokens } from './prompts.ts';

/** Errors: `argument` for an empty prompt; those of `logitLens` and `loadTunedLens`. */
export async function* lensGrid(session: Session, params: ParsedParams<'lens.grid'>, signal: AbortSignal): Job<LensGrid> {
  const open = session.model(params.model);
  const { model, runtime } = open;
  const ids = promptIds(open, params.text);
  const tuned = params.tuned === undefined ? undefined : await loadTunedLens(await checkedPath(params.tuned, 'folder'), model);
  const hooks = params.hooks === 'all' ? readableHooks(model) : residualStreams(model.graph());
  const common = { inputs: inputsOf(ids), ...(tuned === undefined ? {} : { tuned }) };
  const final = params.target === undefined
    ? (yield* running(open, 'lens', signal, (progress) => logitLens(model, runtime, { ...common, ...progress, hooks: residualStreams(model.graph()).slice(-1), topK: 1, lastPosition: true })))[0]!
    : undefined;
  const targets = Int32Array.from(ids, (_, i) => params.target ?? ids[i + 1] ?? numbersOf(final!.topIds)[0]!);
  const layers = yield* running(open, 'lens', signal, (progress) => logitLens(model, runtime, { ...common, ...progress, hooks, topK: params.top, targets: i64([1, ids.length], targets) }));
  const top = layers[0]?.topIds.dims.at(-1) ?? 0;
  const topIds = Int32Array.from(layers.flatMap((layer) => Array.from(numbersOf(layer.topIds))));
  const joined = (values: readonly (Tensor | undefined)[]): Float32Array => Float32Array.from(values.flatMap((value) => Array.from(numbersOf(value!))));
  return {
    tokens: shownTokens(open, ids), hooks, top, topIds, targets,
    topProbabilities: joined(layers.map((layer) => layer.topProbabilities)),
    texts: [...new Set([...topIds, ...targets])].map((id) => [id, tokenText(open.tokenizer, id)] as const),
    targetProbability: joined(layers.map((layer) => layer.targetProbability)),
    targetRank: Int32Array.from(joined(layers.map((layer) => layer.targetRank))),
    entropy: joined(layers.map((layer) => layer.entropy)), klToOutput: joined(layers.map((layer) => layer.klToOutput)),
    lens: tuned === undefined ? 'logit' : 'tuned',
  };
}

const mostText = 20_000_000;

/** The last tenth of the text is held out. Errors: `argument` for too little text or a relative path; those of `trainTunedLens`. */
export async function* lensTrain(session: Session, params: ParsedParams<'lens.train'>, signal: AbortSignal): Job<TunedLensReport> {
  const open = session.model(params.model);
  if (!isAbsolute(params.out)) throw new MechanistError('argument', 'Only absolute paths are written.', { file: params.out });
  const file = await checkedPath(params.text, 'file');
  if ((await stat(file)).size > mostText) throw new MechanistError('memory', `At most ${mostText} bytes of text are read.`, { file });
  yield { stage: 'reading' };
  const { before, ids } = open.tokens(await readFile(file, 'utf8'));
  const windows = tokenWindows(ids, before, contextOf(open), params.seed);
  const result = yield* running(open, 'training', signal, ({ signal: stop, onProgress }) => trainTunedLens(open.model, open.runtime, {
    batch: windows.batch, heldOut: windows.heldOut, steps: params.steps, threads: session.options.threads, signal: stop, onProgress: (done, total) => onProgress(done, total),
  }));
  await saveTunedLens(params.out, result.lens, open.model);
  return { path: params.out, trainTokens: params.steps * windows.batchTokens, heldOutTokens: windows.heldOutTokens, layers: result.layers };
}
