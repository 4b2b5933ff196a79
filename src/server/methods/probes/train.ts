/** `probe.train`: a probe of a person's own, saved with its scores and the answers it was trained on. */
import { dirname, isAbsolute, join } from 'node:path';
import { MechanistError } from '../../../engine/errors.ts';
import { makeFolder } from '../../../engine/formats/atomicFile.ts';
import { answersBeside, saveAnswers } from '../../../semantic/probes/labelFile.ts';
import { readProbe, saveProbe } from '../../../semantic/probes/probeFile.ts';
import { trainProbe } from '../../../semantic/probes/train.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { ProbeProgress, ProbeSummary } from '../../../protocol/methods/probes.ts';
import { checkedPath } from '../../paths.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { labelsOf } from './labels.ts';
import { probeSummary } from './list.ts';

/** Errors: those of the label files and of `trainProbe`; `argument` for a folder whose parents do not exist. */
export async function* train(session: Session, params: ParsedParams<'probe.train'>, signal: AbortSignal): Job<ProbeSummary> {
  const open = session.model(params.model);
  const { hook, variable, question, name, examples, seed } = params;
  const labels = yield* labelsOf(open, params.labels);
  const property = { variable, question };
  const training = trainProbe({ model: open.model, runtime: open.runtime, hook, labels, property, examples, seed, signal });
  for (;;) {
    open.requireOpen();
    const { done, value } = await training.next();
    if (done !== true) {
      yield value satisfies ProbeProgress;
      continue;
    }
    const file = join(await folderFor(params.folder), `${name}.safetensors`);
    const { id } = open.model;
    saveProbe(file, value, { name, model: { id, hash: open.summary().hash }, hook, variable, question, data: { name: labels.name, hash: labels.hash }, examples, seed });
    saveAnswers(answersBeside(file), labels, property);
    return probeSummary(file, readProbe(file));
  }
}

/** The folder, made below one that is there. */
async function folderFor(path: string): Promise<string> {
  if (!isAbsolute(path) || path.includes('\0')) throw new MechanistError('argument', 'Only absolute paths are opened.', { file: path });
  await checkedPath(dirname(dirname(path)), 'folder');
  makeFolder(path);
  return checkedPath(path, 'folder');
}
