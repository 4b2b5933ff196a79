/** The yes/no answers that a probe was trained on, as a file that the evidence method `probe.linear` reads. */
import { writeSafetensors } from '../../engine/formats/safetensorsWriter.ts';
import { notApplicable } from '../groundTruth/variables.ts';
import { questionOf } from './labelledTokens.ts';
import type { LabelledContexts, LabelledTokens, Property } from './labelledTokens.ts';

/** The variable of such a file; its class 1 is yes. */
const answerVariable = 'answer';

/** Bytes above which no such file is written. */
const largestLabelFile = 256 * 2 ** 20;

const ending = '.answers.safetensors';

/** Where the answers of a probe's file lie. */
export function answersBeside(probeFile: string): string {
  return `${probeFile.replace(/\.safetensors$/, '')}${ending}`;
}

export function isAnswers(file: string): boolean {
  return file.endsWith(ending);
}

/** `false` when it would be too large. Contexts alternate: even ones are to fit on, odd ones to score on, the shorter side is filled up. Errors: as `writeSafetensors`. */
export function saveAnswers(file: string, labels: LabelledTokens, property: Property): boolean {
  const { classes } = questionOf(labels, property);
  const sides = [labels.train, labels.heldOut];
  const contexts = 2 * Math.max(...sides.map((side) => side.contexts.dims[0]!));
  const positions = Math.max(...sides.map((side) => side.contexts.dims[1]!));
  if (2 * 8 * contexts * positions > largestLabelFile) return false;
  const ids = new BigInt64Array(contexts * positions);
  const answers = new BigInt64Array(contexts * positions).fill(-1n);
  sides.forEach((side, parity) => place(side, property.variable, (context, position, id, code) => {
    const at = (2 * context + parity) * positions + position;
    ids[at] = id;
    if (code !== notApplicable) answers[at] = classes.includes(code) ? 1n : 0n;
  }));
  const dims = [contexts, positions];
  writeSafetensors(file, [['input_ids', { dtype: 'int64', dims, data: ids }], [answerVariable, { dtype: 'int64', dims, data: answers }]]);
  return true;
}

function place({ contexts: { dims, data }, codes }: LabelledContexts, variable: string, put: (context: number, position: number, id: bigint, code: number) => void): void {
  const positions = dims[1]!;
  codes.get(variable)!.forEach((code, row) => put(Math.floor(row / positions), row % positions, data[row]!, code));
}
