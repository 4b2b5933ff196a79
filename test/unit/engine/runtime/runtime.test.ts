import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../../src/engine/graph/builder.ts';
import type { Graph } from '../../../../src/engine/graph/ir.ts';
import { estimateMemory } from '../../../../src/engine/runtime/memory.ts';
import { Program } from '../../../../src/engine/runtime/program.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import { f32, i64, zeros } from '../../../../src/engine/tensor.ts';

function scaled(factor: number): Graph {
  const b = new GraphBuilder();
  b.input('x', 'float32', ['batch', 'pos', 4]);
  b.parameter('w', 'float32', [4, 4]);
  b.mul(b.matmul('x', 'w'), b.scalar(factor), 'y');
  return b.build(['y']);
}

const identity = f32([4, 4], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
const weights = { get: () => identity };
const x = f32([1, 2, 4], [1, 2, 3, 4, 5, 6, 7, 8]);

describe('Runtime', () => {
  it('compiles equal graphs once and keeps at most the given number of programs', async () => {
    const runtime = new Runtime({ threads: 1, maxPrograms: 2 });
    for (const factor of [1, 2, 1, 2, 1]) await runtime.run(scaled(factor), new Map([['x', x]]), weights);
    expect(runtime.size).toBe(2);
    const results = await Promise.all([3, 4, 5, 6].map((factor) => runtime.run(scaled(factor), new Map([['x', x]]), weights)));
    expect(results.map((r) => r.get('y')!.data[1])).toEqual([6, 8, 10, 12]);
    expect(runtime.size).toBe(2);
    await runtime.dispose();
    expect(runtime.size).toBe(0);
  });

  it('refuses a run above the memory limit, before running', async () => {
    const runtime = new Runtime({ threads: 1, memoryLimit: 1000 });
    await expect(runtime.run(scaled(1), new Map([['x', zeros('float32', [1, 512, 4])]]), weights)).rejects.toMatchObject({ reason: 'memory' });
    await expect(runtime.run(scaled(1), new Map([['x', x]]), weights)).resolves.toBeDefined();
    await runtime.dispose();
  });

  it('forgets a graph that failed to compile', async () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', [1]);
    b.node('NoSuchOperator', ['x'], { outputs: ['y'] });
    const runtime = new Runtime({ threads: 1 });
    await expect(runtime.run(b.build(['y']), new Map([['x', f32([1], [1])]]))).rejects.toMatchObject({ reason: 'runtime' });
    expect(runtime.size).toBe(0);
    await runtime.dispose();
  });
});

describe('Program', () => {
  it.each([
    ['a missing input', new Map(), 'This input is missing.'],
    ['a wrong type', new Map([['x', i64([1, 1, 4], [1, 2, 3, 4])]]), 'Expected float32'],
    ['a wrong fixed size', new Map([['x', zeros('float32', [1, 1, 5])]]), 'Expected shape'],
    ['a wrong rank', new Map([['x', zeros('float32', [1, 4])]]), 'Expected shape'],
  ])('names %s', async (_, feeds, message) => {
    const program = await Program.compile(scaled(1), { threads: 1 });
    await expect(program.run(feeds, weights)).rejects.toMatchObject({ reason: 'argument', field: 'input x', message: expect.stringContaining(message) });
    await program.release();
  });

  it('requires equal sizes for equal symbols', async () => {
    const b = new GraphBuilder();
    b.input('p', 'float32', ['batch']);
    b.input('q', 'float32', ['batch']);
    b.add('p', 'q', 'y');
    const program = await Program.compile(b.build(['y']), { threads: 1 });
    await expect(program.run(new Map([['p', zeros('float32', [2])], ['q', zeros('float32', [3])]]))).rejects.toMatchObject({ reason: 'argument', field: 'input q' });
    await program.release();
  });

  it('cannot run after release', async () => {
    const program = await Program.compile(scaled(1), { threads: 1 });
    await program.release();
    await expect(program.run(new Map([['x', x]]), weights)).rejects.toMatchObject({ reason: 'runtime' });
  });
});

describe('estimateMemory', () => {
  it('counts weights once and activations at their peak', () => {
    const estimate = estimateMemory(scaled(1), new Map([['x', x]]));
    expect(estimate).toEqual({ parameters: 64, activations: 64, total: 128, unknown: 0 });
  });
});
