/**
 * Runs a record again and says what became of it.
 *
 * - confirmed: the new value is within the tolerance of the recorded one.
 * - drifted: it is not, but what the record shows still holds.
 * - contradicted: what the record showed no longer holds: it beat its control, or chance, and does not now, or its sign turned.
 * - not runnable: the model, dictionary, file or method is not there, or is another one where only the same makes sense.
 */
import { setHash } from '../algorithmic/attributionGraph/featureLayers.ts';
import type { Transcoders } from '../algorithmic/attributionGraph/featureLayers.ts';
import { MechanistError } from '../engine/errors.ts';
import { facetsOf, methodName } from '../notes/grade/grade.ts';
import { methodRules } from '../notes/grade/rules.ts';
import type { Evidence, EvidenceDraft, HistoryEntry, VerificationState } from '../notes/format/schema.ts';
import { measure, usualTolerance } from './measure.ts';
import type { MeasureOptions, ModelProvider } from './measure.ts';
import { methodNamed } from './registry.ts';

export interface Verification {
  readonly id: string;
  readonly state: VerificationState;
  readonly reason: string;
  readonly recorded: Evidence;
  /** Undefined when it could not be run. */
  readonly found: EvidenceDraft | undefined;
}

/** Errors: `cancelled`. Everything else that goes wrong makes the record "not runnable" with the reason. */
export async function verifyEvidence(recorded: Evidence, options: MeasureOptions): Promise<Verification> {
  try {
    methodNamed(recorded.method);
    await requireSameDictionaries(recorded, options.provider);
    const found = await measure({
      method: recorded.method, models: recorded.models.map(({ id }) => id), dictionaries: recorded.dictionaries.map(({ id }) => id),
      inputs: recorded.inputs, parameters: recorded.parameters, seed: recorded.seed,
    }, options);
    return { id: recorded.id, recorded, found, ...compare(recorded, found) };
  } catch (error) {
    if (!MechanistError.is(error) || error.reason === 'cancelled') throw error;
    return { id: recorded.id, recorded, found: undefined, state: 'not-runnable', reason: `${error.statement}${error.hint === undefined ? '' : ` ${error.hint}`}` };
  }
}

/** What the history of the note keeps. */
export function historyOf({ state, reason, found }: Verification, date: string): HistoryEntry {
  return { date, state, ...(found === undefined ? {} : { value: found.value }), ...(state === 'confirmed' && !reason.includes('changed') ? {} : { reason: reason.slice(0, 1000) }) };
}

/** Compares a new run with the record. */
function compare(recorded: Evidence, found: EvidenceDraft): { readonly state: VerificationState; readonly reason: string } {
  const changed = recorded.models.filter(({ hash }, i) => !found.models[i]!.hash.startsWith(hash)).map(({ id }) => id);
  const model = changed.length === 0 ? '' : ` The weights of ${changed.join(' and ')} changed since.`;
  const tolerance = recorded.tolerance ?? usualTolerance(recorded.value);
  const values = `${short(recorded.value)} recorded, ${short(found.value)} now`;
  if (Math.abs(found.value - recorded.value) <= tolerance) return { state: 'confirmed', reason: `${values}.${model}` };
  const shown = new Set(facetsOf({ ...found, id: recorded.id, history: [] }));
  const lost = facetsOf({ ...recorded, measures: {} }).filter((facet) => !shown.has(facet));
  const neutral = methodRules[methodName(recorded.method)]?.neutral ?? 0;
  const turned = (recorded.value - neutral) * (found.value - neutral) < 0;
  if (turned || lost.length > 0) return { state: 'contradicted', reason: `${values}: ${turned ? 'the effect turned around' : `it no longer shows ${lost.join(', ')}`}.${model}` };
  return { state: 'drifted', reason: `${values}; the tolerance is ${short(tolerance)}.${model}` };
}

/** A feature's index means nothing in another dictionary. */
async function requireSameDictionaries(recorded: Evidence, provider: ModelProvider): Promise<void> {
  const set = methodNamed(recorded.method).dictionary === 'set';
  for (const { model, id, hash } of recorded.dictionaries) {
    const opened = await provider.open(model);
    const now = set ? hashOfSet(await opened.transcoders(id)) : (await opened.dictionary(id))?.hash();
    if (now === undefined) throw new MechanistError('not-found', `The model ${model} has no dictionary "${id}".`);
    if (!now.startsWith(hash)) throw new MechanistError('argument', `The dictionary ${id} is another one now (${now.slice(0, 12)}, recorded with ${hash.slice(0, 12)}); its features are not those of the record.`);
  }
}

function hashOfSet(transcoders: Transcoders | undefined): string | undefined {
  return transcoders === undefined ? undefined : setHash(transcoders);
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
