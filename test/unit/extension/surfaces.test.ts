import { describe, expect, it } from 'vitest';
import { Disposables } from '../../../src/extension/disposables.ts';
import { activationText, bar, bytesText, countText, percent, visible } from '../../../src/extension/inspection/words.ts';
import { methodCard, methodOf, methods, missing } from '../../../src/extension/methods/catalogue.ts';
import { methodGroups } from '../../../src/extension/methods/groups.ts';
import { onKindChange } from '../../../src/extension/process/kindChange.ts';
import { conditionOf } from '../../../src/extension/process/condition.ts';
import { visibleToken } from '../../../webview-ui/shared/notation.ts';
import { FakeEngine, english } from './fakes.ts';

describe('notation', () => {
  it('makes white space visible', () => {
    expect(visible(' a\tb\r\nc\n')).toBe('␣a⇥b↵c↵');
  });

  it.each([' a', '·gave', '··', 'x\r\ny', '\t', '␍', '\n', '<eos>'])('writes the token %j in the editor as in the pages', (token) => {
    expect(visible(token)).toBe(visibleToken(token));
    expect(visible(token)).not.toMatch(/[ ·]/);
  });

  it.each([[0, '▁▁▁▁'], [0.001, '▇▁▁▁'], [2, '▇▇▁▁'], [4, '▇▇▇▇'], [9, '▇▇▇▇'], [-1, '▁▁▁▁']])('draws %d of 4 as %s', (value, drawn) => {
    expect(bar(value, 4, 4)).toBe(drawn);
  });

  it.each([[0.6312, '63 %'], [0.0412, '4.1 %'], [0.0001, '< 0.1 %'], [0, '0.0 %'], [1, '100 %'], [0.0999, '10 %']])('writes probability %d as %s', (value, text) => {
    expect(percent(value)).toBe(text);
  });

  it('writes sizes and counts with their unit', () => {
    expect([bytesText(0), bytesText(999), bytesText(2_500_000), bytesText(3e9), bytesText(5e12)]).toEqual(['0 B', '999 B', '2.5 MB', '3.0 GB', '5000 GB']);
    expect([countText(12), countText(1_234), countText(1_200_000), countText(7e9)]).toEqual(['12', '1.2 k', '1.2 M', '7.0 B']);
    expect([activationText(3.14159), activationText(13.9), activationText(0.0123)]).toEqual(['3.1', '13.9', '0.012']);
  });
});

describe('what has one owner', () => {
  it('is disposed in reverse order, and at once if it comes too late', () => {
    const order: string[] = [];
    const item = (name: string) => ({ dispose: () => order.push(name) });
    const owned = new Disposables();
    owned.add(item('first'));
    owned.add(item('second'));
    owned.dispose();
    owned.add(item('late'));
    owned.dispose();
    expect(order).toEqual(['second', 'first', 'late']);
  });
});

describe('the state of the engine', () => {
  it('names signal and work of a crash', () => {
    const crash = { kind: 'crashed', running: [{ method: 'model.open', opening: 'big.onnx' }], signal: 'SIGSEGV', code: null, hung: false, restarting: false } as const;
    expect(conditionOf(crash, english)).toEqual({ kind: 'failed', reason: 'The engine ended unexpectedly (SIGSEGV). It was working on: model.open big.onnx.' });
    expect(conditionOf({ ...crash, restarting: true }, english)).toEqual({ kind: 'starting' });
    expect(conditionOf({ ...crash, running: [], signal: null, code: 3 }, english)).toEqual({ kind: 'failed', reason: 'The engine ended unexpectedly (exit code 3).' });
  });

  it('tells work from rest', () => {
    expect([conditionOf({ kind: 'busy', calls: 2, silent: false, running: [] }, english), conditionOf({ kind: 'ready' }, english)]).toEqual([{ kind: 'ready', busy: true }, { kind: 'ready', busy: false }]);
  });
});

it('a change of kind is told, work that begins and ends is not', () => {
  const engine = new FakeEngine();
  const told: string[] = [];
  onKindChange(engine, ({ kind }) => told.push(kind));
  engine.become({ kind: 'ready', busy: true });
  engine.become({ kind: 'ready', busy: false });
  engine.become({ kind: 'starting' });
  engine.become({ kind: 'ready', busy: false });
  expect(told).toEqual(['starting', 'ready']);
});

describe('the methods', () => {
  it('have ids of their own and stand in groups that hold no further groups', () => {
    expect(new Set(methods.map(({ id }) => id)).size).toBe(methods.length);
    const parents = new Set(methodGroups.map(({ parent }) => parent));
    for (const { id, group } of methods) {
      expect(methodGroups.map((known) => known.id), id).toContain(group);
      expect(parents.has(group), id).toBe(false);
    }
  });

  it('fill every group of the taxonomy', () => {
    const filled = new Set(methods.flatMap(({ group }) => [group, group.split('.')[0]]));
    expect(methodGroups.filter(({ id }) => !filled.has(id))).toEqual([]);
  });

  it.each(methods.map((method) => [method.id, method] as const))('%s states its question, assumption, weakness and check', (_, method) => {
    const card = methodCard(method, english);
    for (const part of [method.question, method.assumptions, method.strengths, method.weaknesses, method.check]) {
      expect(part.length).toBeGreaterThan(15);
      expect(card).toContain(part);
    }
    expect(method.question.endsWith('?')).toBe(true);
    expect(method.needs).toContain('model');
  });

  it('run in the view of their side, and ask for a second prompt exactly where they need a pair', () => {
    for (const { id, group, run, needs } of methods) {
      if (run?.kind === 'question') expect(group, id).toMatch(/^(?:algorithmic|unified)\./);
      if (run?.kind === 'semantic' || run?.kind === 'steer') expect(group, id).toMatch(/^semantic\./);
      if (run?.kind === 'steer') expect(needs, id).toContain('dictionary');
    }
    expect(methods.filter(({ run }) => run === undefined).map(({ id }) => id)).toEqual(['integratedGradients', 'acdc', 'das', 'featureCircuits']);
  });

  it('say what they lack', () => {
    const atHand = { model: true, dictionary: false, pair: false, labels: false, corpus: false };
    expect(missing(methodOf('featureCircuits')!, atHand)).toEqual(['dictionary', 'pair']);
    expect(missing(methodOf('logitLens')!, atHand)).toEqual([]);
  });
});
