/** The `--intervene` option. */
import { readTextFile } from '../engine/formats/textFile.ts';
import type { Intervention } from '../engine/interventions/intervention.ts';
import type { Option, OptionValues } from './command.ts';
import { readTensor } from './files.ts';
import { parseInterventions } from './interventionJson.ts';

export const interventionOptions = {
  intervene: {
    type: 'string', value: 'JSON',
    description: 'Interventions, as JSON or a file of it: [{"hook", "kind": zero|mean|resample|patch|add|project-out|scale, "where": {"head", "position", "neuron", "row", "key"}, "value"}].',
  },
} as const satisfies Readonly<Record<string, Option>>;

/** The interventions asked for; none without the option. Errors: those of `parseInterventions`; `not-found` for a missing file. */
export async function interventionsFrom(options: OptionValues): Promise<Intervention[]> {
  const given = options.text('intervene');
  if (given === undefined) return [];
  return parseInterventions(/^\s*[[{]/.test(given) ? given : readTextFile(given, mostBytes), readTensor);
}

const mostBytes = 64 * 2 ** 20;
