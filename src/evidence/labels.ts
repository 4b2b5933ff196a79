/** Labels of tokens as yes/no examples, on the contexts to fit on and on the held-out ones. */
import { MechanistError } from '../engine/errors.ts';
import type { Tensor } from '../engine/tensor.ts';
import { readLabelled } from '../semantic/groundTruth/labelledFile.ts';
import { notApplicable } from '../semantic/groundTruth/variables.ts';
import type { LabelledText } from '../semantic/groundTruth/variables.ts';

export interface LabelledHalf {
  /** int64 [contexts, positions] */
  readonly contexts: Tensor<'int64'>;
  /** Class of each token, or `notApplicable`. */
  readonly codes: Uint8Array;
  /** Tokens to which the variable applies, and whether each is of the class. */
  readonly rows: Int32Array;
  readonly y: Uint8Array;
}

/** Errors: those of `readLabelled`; `argument` for an unknown variable, and for a class that all or no held-out tokens have. */
export function labelledExamples(file: string, variable: string, wanted: number): { readonly selection: LabelledHalf; readonly heldOut: LabelledHalf } {
  const { variables, selection, heldOut } = readLabelled(file);
  if (!variables.some(({ name }) => name === variable)) {
    throw new MechanistError('argument', `The file has no variable "${variable}".`, { file, field: 'variable', hint: `It has ${variables.map(({ name }) => name).join(', ')}.` });
  }
  const halves = { selection: halfOf(selection, variable, wanted), heldOut: halfOf(heldOut, variable, wanted) };
  for (const { y } of Object.values(halves)) {
    if (!y.includes(1) || !y.includes(0)) throw new MechanistError('argument', `Class ${wanted} of "${variable}" is that of all tokens or of none.`, { file, field: 'class' });
  }
  return halves;
}

function halfOf({ contexts, codes }: LabelledText, variable: string, wanted: number): LabelledHalf {
  const values = codes.get(variable)!;
  const rows = Int32Array.from(Array.from(values.keys()).filter((row) => values[row] !== notApplicable));
  return { contexts, codes: values, rows, y: Uint8Array.from(rows, (row) => (values[row] === wanted ? 1 : 0)) };
}
