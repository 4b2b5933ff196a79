/** `probe.list`: the probes of folders with their scores. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MechanistError } from '../../../engine/errors.ts';
import { answersBeside, isAnswers } from '../../../semantic/probes/labelFile.ts';
import { readProbe } from '../../../semantic/probes/probeFile.ts';
import type { Probe } from '../../../semantic/probes/probeFile.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { ProbeEntry, ProbeSummary } from '../../../protocol/methods/probes.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { checkedPath } from '../../paths.ts';

/** Files of one folder that are listed. */
const most = 1000;

/** A folder that is not there has none. Errors: `argument` for a relative path. */
export async function* list(_session: Session, { folders }: ParsedParams<'probe.list'>): Job<readonly ProbeEntry[]> {
  const entries: ProbeEntry[] = [];
  for (const folder of folders) {
    if (!existsSync(folder)) continue;
    const place = await checkedPath(folder, 'folder');
    const names = (await readdir(place)).filter((name) => name.endsWith('.safetensors') && !isAnswers(name)).toSorted().slice(0, most);
    for (const name of names) {
      yield undefined;
      entries.push(entryOf(join(place, name)));
    }
  }
  return entries;
}

export function probeSummary(file: string, { name, model, hook, variable, question, data, hash, examples, seed, scores }: Probe): ProbeSummary {
  const answers = answersBeside(file);
  return { file, name, model, hook, variable, question, data, hash, examples, seed, scores, answers: existsSync(answers) ? answers : undefined };
}

function entryOf(file: string): ProbeEntry {
  try {
    return { probe: probeSummary(file, readProbe(file)) };
  } catch (error) {
    if (!MechanistError.is(error)) throw error;
    return { file, problem: error.message };
  }
}
