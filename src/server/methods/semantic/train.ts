/** `semantic.train`: a dictionary of one's own, with live curves; it can be ended early and kept. */
import { join } from 'node:path';
import { saveSaelens } from '../../../engine/dictionaries/save.ts';
import { trainOnModel } from '../../../engine/dictionaries/train/trainOnModel.ts';
import { MechanistError } from '../../../engine/errors.ts';
import { unknownHook } from '../../../engine/models/hookPattern.ts';
import { contextIds, contextsOf } from '../../../semantic/store/corpus.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { TrainProgress, TrainResult } from '../../../protocol/methods/semanticResults.ts';
import { openDictionaries } from '../../dictionaries.ts';
import { checkedPath } from '../../paths.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { corpusOf } from './harvest.ts';

/** Trainings under way by the name their client gave them. */
const running = new Map<string, AbortController>();

export async function* train(session: Session, params: ParsedParams<'semantic.train'>, signal: AbortSignal): Job<TrainResult> {
  const open = session.model(params.model);
  const { model, runtime } = open;
  const { hook, output = hook, job, architecture, latents, k, sparsity, learningRate, steps, batchSize, seed } = params;
  const known = model.hookPoints().map(({ name }) => name);
  for (const name of [hook, output]) if (!known.includes(name)) throw unknownHook(name, known);
  if (running.has(job)) throw new MechanistError('argument', 'A training of this name is under way.', { field: 'job' });
  const parent = await checkedPath(params.folder, 'folder');
  const folder = join(parent, `${output === hook ? hook : `${hook}-to-${output}`}-${architecture}-${latents}`.replace(/[^\w.-]/g, '_'));
  const corpus = yield* corpusOf(open, params.corpus, params);
  const finish = new AbortController();
  running.set(job, finish);
  const training = trainOnModel({
    model, runtime, contexts: contextIds(corpus, contextsOf(corpus, false)), inputs: [hook], outputs: [output], id: hook,
    training: {
      architecture, nLatents: latents, steps, batchSize, seed,
      ...(k === undefined ? {} : { k }), ...(sparsity === undefined ? {} : { sparsity }), ...(learningRate === undefined ? {} : { learningRate }),
    },
    compile: { threads: session.options.threads }, signal, finish: finish.signal,
  });
  const started = performance.now();
  let step = 0;
  try {
    for (;;) {
      open.requireOpen();
      const { done, value } = await training.next();
      if (done !== true) {
        ({ step } = value);
        const progress: TrainProgress = {
          step, steps, loss: value.loss, fvu: value.fvu, l0: value.l0, dead: value.dead,
          tokensPerSecond: Math.round((1000 * step * batchSize) / Math.max(1, performance.now() - started)),
        };
        yield progress;
        continue;
      }
      if (value.kind === 'clt') throw new MechanistError('unsupported', 'Only dictionaries of one hook point are trained here.');
      saveSaelens(value, folder, { half: false });
      const opened = await openDictionaries(folder, model, () => session.newKey('dictionary'), (bytes) => session.allow(bytes, open.memoryLimit, folder));
      open.addDictionaries(opened, folder);
      const { summary } = open.dictionaryAt(folder)!;
      return { dictionary: summary.dictionary, folder, hash: summary.hash, steps: step, stoppedEarly: step < steps };
    }
  } finally {
    running.delete(job);
    await training.return(undefined as never);
  }
}

export async function* trainStop(_session: Session, { job }: ParsedParams<'semantic.train.stop'>): Job<null> {
  const found = running.get(job);
  if (found === undefined) throw new MechanistError('not-found', 'No training of this name is under way.', { field: 'job' });
  found.abort();
  yield undefined;
  return null;
}
