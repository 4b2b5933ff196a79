/** The jobs behind the requests of findings. */
import * as v from 'valibot';
import { MechanistError } from '../../../engine/errors.ts';
import { measure } from '../../../evidence/measure.ts';
import { evidenceMethods, nameOf } from '../../../evidence/registry.ts';
import { verifyEvidence } from '../../../evidence/verify.ts';
import { evidenceSchema } from '../../../notes/format/schema.ts';
import type { ParsedParams, Results } from '../../../protocol/methods.ts';
import type { EvidenceMethodSummary, EvidenceVerification, FindingsResults, MeasuredEvidence, ModelIdentity } from '../../../protocol/methods/findings.ts';
import { checkedPath } from '../../paths.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { whileWaiting } from '../../waiting.ts';
import { sessionModels } from './models.ts';

export const findingsJobs: { readonly [M in keyof FindingsResults]: (session: Session, params: ParsedParams<M>, signal: AbortSignal) => Job<Results[M]> } = {
  'findings.methods': methods,
  'findings.run': run,
  'findings.verify': verify,
  'findings.identities': identities,
};

async function* methods(): Job<readonly EvidenceMethodSummary[]> {
  yield undefined;
  return evidenceMethods.map((method) => ({
    method: nameOf(method), title: method.title, summary: method.summary, models: method.models, dictionary: method.dictionary === true, inputs: method.inputs, parameters: method.parameters,
  }));
}

async function* run(session: Session, { folder, ...request }: ParsedParams<'findings.run'>, signal: AbortSignal): Job<MeasuredEvidence> {
  const provider = yield* sessionModels(session, request.models);
  const place = await placeOf(folder);
  return yield* withProgress((onProgress) => measure(request, { provider, folder: place, signal, onProgress }));
}

async function* verify(session: Session, { record, folder }: ParsedParams<'findings.verify'>, signal: AbortSignal): Job<EvidenceVerification> {
  const parsed = v.safeParse(evidenceSchema, record);
  if (!parsed.success) throw new MechanistError('argument', 'The record does not follow the format of a finding.', { field: v.getDotPath(parsed.issues[0]) ?? 'record' });
  const provider = yield* sessionModels(session, parsed.output.models.map(({ id }) => id));
  const place = await placeOf(folder);
  const { state, reason, found } = yield* withProgress((onProgress) => verifyEvidence({ ...parsed.output, history: [] }, { provider, folder: place, signal, onProgress }));
  return { state, reason, found };
}

async function* identities(session: Session, { models }: ParsedParams<'findings.identities'>): Job<readonly ModelIdentity[]> {
  yield* sessionModels(session, models);
  return session.list().filter(({ model }) => models.includes(model.id)).map((open) => {
    const { hash, dictionaries } = open.summary();
    return { id: open.model.id, hash, dictionaries: dictionaries.map((dictionary) => ({ id: dictionary.id, hash: dictionary.hash })) };
  });
}

type Progress = (done: number, total: number) => void;

/** The folder of a note, where it has one on disk. */
async function placeOf(folder: string | undefined): Promise<string | undefined> {
  return folder === undefined ? undefined : checkedPath(folder, 'folder');
}

/** Progress of the work, while it runs. */
async function* withProgress<T>(work: (onProgress: Progress) => Promise<T>): Job<T> {
  const progress = { stage: 'measuring', done: 0, total: 0 };
  return yield* whileWaiting(work((done, total) => Object.assign(progress, { done, total })), progress);
}
