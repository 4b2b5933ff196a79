/** Fuzz target: reading the file of a probe. */
import { memorySource } from '../../src/engine/formats/byteSource.ts';
import { encodeSafetensors } from '../../src/engine/formats/safetensorsWriter.ts';
import { f32 } from '../../src/engine/tensor.ts';
import { readProbe } from '../../src/semantic/probes/probeFile.ts';
import { onlyTypedErrors } from './target.ts';

export { repair } from './safetensors.fuzz.ts';

export const fuzz = onlyTypedErrors((data) => void readProbe(memorySource(data)));

export function seeds(): readonly Uint8Array[] {
  const description = {
    name: 'food', model: { id: 'm', hash: 'aa' }, hook: 'blocks.0.hook_resid_post', variable: 'label', question: 'yes', data: { name: 'texts', hash: 'bb' }, examples: 300, seed: 7, trained: 40, penalty: 0.01,
    scores: {
      auroc: 0.9, interval: [0.8, 0.95], accuracy: 0.85, majority: 0.5, control: { auroc: 0.6, accuracy: 0.55 }, selectivity: 0.3, shuffled: { auroc: 0.5, highest: 0.6, draws: 5 },
      coordinate: { index: 2, sign: -1, auroc: 0.7 }, positive: 10, negative: 12,
    },
  };
  const metadata = { format: 'mechanist-probe/1', probe: JSON.stringify(description) };
  return [encodeSafetensors([['weight', f32([3], [0.5, -2, 0.25])], ['bias', f32([1], [0.125])]], { metadata })];
}
