/** The straight-through estimator of JumpReLU, on golden values of the algorithms reference §26. */
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../../../../src/engine/graph/builder.ts';
import { differentiate } from '../../../../../src/engine/graph/differentiate/differentiate.ts';
import { appendLatents } from '../../../../../src/engine/dictionaries/train/losses/latents.ts';
import { trainingOptions } from '../../../../../src/engine/dictionaries/train/options.ts';
import { Program } from '../../../../../src/engine/runtime/program.ts';
import { f32, scalar } from '../../../../../src/engine/tensor.ts';

const theta = 0.01;

describe.each([
  // Both sides of the threshold lie in the window; on the lower side the reference implementation has no gradient (trap T10).
  { z: 0.0102, output: 0.0102, dOutput: -10, dL0: -1000, dz: 1 },
  { z: 0.0098, output: 0, dOutput: -10, dL0: -1000, dz: 0 },
  { z: 0.02, output: 0.02, dOutput: 0, dL0: 0, dz: 1 },
])('z = $z', ({ z, output, dOutput, dL0, dz }) => {
  test('output and gradients', async () => {
    const results = await gradients(z);
    expect(results.acts).toBeCloseTo(output, 7);
    // θ = exp(log θ), so d/d log θ = θ · d/dθ.
    expect(results.dActs / theta).toBeCloseTo(dOutput, 3);
    expect(results.dZ).toBeCloseTo(dz, 6);
    // (L0 − 1)² with L0 = 1[z > θ]: derivative 2 (L0 − 1) · dL0.
    const l0 = z > theta ? 1 : 0;
    expect(results.dPenalty / theta).toBeCloseTo(2 * (l0 - 2) * dL0 / 4, 0);
  });
});

async function gradients(z: number): Promise<{ acts: number; dActs: number; dZ: number; dPenalty: number }> {
  const options = trainingOptions({ architecture: 'jumprelu', dIn: 1, nLatents: 1, k: 2, batchSize: 1, steps: 10, bandwidth: 0.001 });
  const b = new GraphBuilder();
  const hidden = b.input('z', 'float32', [1, 1]);
  const log = b.input('log_threshold', 'float32', [1]);
  const { acts, penalties } = appendLatents(b, options, hidden, b.input('W_dec', 'float32', [1, 1]), log, b.input('dead', 'float32', [1]), b.input('sparsity', 'float32', []));
  const value = b.reduceSum(acts, [0, 1], false, 'acts');
  b.identity(penalties[0]!, 'penalty');
  const first = differentiate(b.build([value]), { seeds: new Map([['acts', 'ones']]), wrt: ['log_threshold', 'z'] });
  const second = differentiate(first.graph, { seeds: new Map([['penalty', 'ones']]), wrt: ['log_threshold'] });
  const names = { acts: value, dActs: first.gradients.get('log_threshold')!, dZ: first.gradients.get('z')!, dPenalty: second.gradients.get('log_threshold')! };
  const program = await Program.compile({ ...second.graph, outputs: Object.values(names) }, { threads: 1 });
  const logTheta = f32([1], [Math.log(theta)]);
  const results = await program.run(new Map([['z', f32([1, 1], [z])], ['log_threshold', logTheta], ['detached/log_threshold', logTheta], ['W_dec', f32([1, 1], [1])], ['dead', f32([1], [0])], ['sparsity', scalar('float32', 1)]]));
  await program.release();
  return Object.fromEntries(Object.entries(names).map(([key, name]) => [key, (results.get(name)!.data as Float32Array)[0]!])) as { acts: number; dActs: number; dZ: number; dPenalty: number };
}
