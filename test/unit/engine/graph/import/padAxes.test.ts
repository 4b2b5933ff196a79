import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../../../src/engine/graph/builder.ts';
import { normalizeOpset } from '../../../../../src/engine/graph/import/opset.ts';
import { Program } from '../../../../../src/engine/runtime/program.ts';
import { f32, i64 } from '../../../../../src/engine/tensor.ts';
import { normal } from '../../../../support/random.ts';

/** y = transpose(pad(transpose(x), along the axes −1 and 0, with 7)) */
const graph = (() => {
  const b = new GraphBuilder();
  b.input('x', 'float32', [2, 3, 4]);
  const turned = b.transpose(b.unary('Abs', 'x'), [0, 2, 1]);
  const padded = b.node('Pad', [turned, b.constant(i64([4], [1, 0, 2, 1])), b.scalar(7), b.vector([-1, 0])]);
  b.transpose(b.unary('Neg', padded), [0, 2, 1], 'y');
  return b.build(['y']);
})();
const feeds = new Map([['x', f32([2, 3, 4], normal(24, 3))]]);

describe('a Pad that names its axes', () => {
  it('gives the same with all axes written out, and survives the optimiser between transposes', async () => {
    const plain = await Program.compile(graph, { threads: 1, optimization: 'disabled' });
    const expected = (await plain.run(feeds)).get('y')!;
    expect(expected.dims).toEqual([3, 6, 4]);
    const optimised = await Program.compile(normalizeOpset(graph, 18), { threads: 1, optimization: 'all' });
    expect((await optimised.run(feeds)).get('y')).toEqual(expected);
    await Promise.all([plain.release(), optimised.release()]);
  });
});
