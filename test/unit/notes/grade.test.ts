import { describe, expect, it } from 'vitest';
import { approaches } from '../../../src/notes/format/schema.ts';
import type { Evidence } from '../../../src/notes/format/schema.ts';
import { overClaims } from '../../../src/notes/grade/claims.ts';
import { raisingChecks } from '../../../src/notes/grade/checks.ts';
import { assess, facetsOf } from '../../../src/notes/grade/grade.ts';
import type { Grade } from '../../../src/notes/grade/rules.ts';
import { checksFor, methodRules, requirements } from '../../../src/notes/grade/rules.ts';
import { finding, record } from './samples.ts';

const control = (value: number, interval?: [number, number]) => ({ control: { name: 'null', value, ...(interval && { interval }) } });
const probe = record('probe.linear', { value: 0.9, interval: [0.88, 0.92] });
const ablation = record('ablation.head', { value: 2, interval: [1.5, 2.5], ...control(0.1, [-0.2, 0.4]) });
const patching = record('patching.activation', { value: 0.8, interval: [0.7, 0.9], ...control(0.02) });
const circuit = record('circuit.faithfulness', { value: 0.9, interval: [0.85, 0.95], ...control(0.1, [0, 0.3]) });

describe('the grade', () => {
  it.each([
    ['nothing', [], 'none'],
    ['a head score', [record('attention.head_score', { value: 0.8 })], 'observed'],
    ['an unknown method', [record('somebody.else')], 'observed'],
    ['a probe without its control task', [probe], 'decodable'],
    ['a probe at chance', [record('probe.linear', { value: 0.5, interval: [0.45, 0.55] })], 'observed'],
    ['a probe below chance', [record('probe.linear', { value: 0.2, interval: [0.15, 0.25] })], 'observed'],
    ['a probe that beats its control task', [{ ...probe, ...control(0.6, [0.55, 0.65]) }], 'selective'],
    ['a probe no better than its control task', [{ ...probe, ...control(0.88, [0.85, 0.9]) }], 'decodable'],
    ['an ablation without a null', [record('ablation.head', { value: 2 })], 'observed'],
    ['an ablation beyond its null', [ablation], 'causal'],
    ['an ablation within its null', [{ ...ablation, ...control(0.1, [-1.6, 0.4]) }], 'observed'],
    ['necessity and sufficiency', [ablation, patching], 'established'],
    ['a weak patch', [ablation, { ...patching, value: 0.2, interval: [0.15, 0.25] }], 'causal'],
    ['a circuit with its null alone', [circuit], 'causal'],
    ['a circuit, necessary and held out, without the Rashomon check', [{ ...circuit, measures: { necessity: 0.9, held_out: 0.8 } }], 'causal'],
    ['a circuit with every check', [{ ...circuit, measures: { necessity: 0.9, held_out: 0.8, rashomon: 0.88 } }], 'established'],
    ['an erasure, neither complete nor contained', [record('direction.erasure', { value: 1, ...control(0) }), patching], 'causal'],
    ['an erasure, complete and contained', [record('direction.erasure', { value: 1, ...control(0), measures: { completeness: 0.95, selectivity: 0.9 } }), patching], 'established'],
    ['a contradicted ablation', [{ ...ablation, history: [{ date: '2026-11-25', state: 'contradicted' }] }], 'none'],
    ['an ablation that drifted', [{ ...ablation, history: [{ date: '2026-11-25', state: 'drifted' }] }], 'causal'],
  ] satisfies [string, Evidence[], Grade][])('%s', (_, evidence, grade) => expect(assess(finding(evidence)).grade).toBe(grade));

  it.each([
    ['a head without which behaviour improves', record('ablation.head', { value: -3, ...control(0.1) })],
    ['a feature without which behaviour improves', record('feature.effect', { value: -3, interval: [-4, -2], ...control(0.1, [-1, 1]) })],
    ['a patch that moves behaviour away', record('patching.activation', { value: -0.8, ...control(0.02) })],
    ['a noised place that strengthens the behaviour', record('patching.noising', { value: -0.8, ...control(0.02) })],
    ['a circuit that does the opposite', record('circuit.faithfulness', { value: -0.8, ...control(0.1) })],
  ])('%s is causal, neither necessary nor sufficient', (_, evidence) => expect([...new Set(facetsOf(evidence))]).toEqual(['observed', 'causal']));

  it('says why, what would raise it, and what to be careful about', () => {
    const { reasons, raise, cautions } = assess(finding([probe]));
    expect(reasons.join(' ')).toContain('can be read off');
    expect(raise.join(' ')).toContain('control task');
    expect(cautions).toContain('Decodable, not shown to be used.');
    expect(assess(finding([record('ablation.head', { value: 2 })])).raise[0]).toContain('e1 a null');
    expect(assess(finding([circuit])).raise.join(' ')).toMatch(/necessity.*held-out.*Rashomon/s);
    expect(assess(finding([circuit])).cautions.join(' ')).toContain('Rashomon');
  });

  it('names the checks that would raise it, on the subject that they are for', () => {
    const subjects = ['mechanist:circuit/m/c', 'mechanist:component/m/blocks.1.attn.hook_z/2'];
    expect(raisingChecks(finding([record('attention.head_score')], { subjects }))).toEqual([{ method: 'probe.linear', subject: subjects[1] }, { method: 'circuit.faithfulness', subject: subjects[0] }, { method: 'ablation.head', subject: subjects[1] }]);
    expect(raisingChecks(finding([ablation], { subjects: [subjects[1]!] }))).toEqual([{ method: 'patching.activation', subject: subjects[1] }]);
    expect(raisingChecks(finding([ablation, patching], { subjects }))).toEqual([]);
  });

  it('every rule can be met, and every method has an approach of the taxonomy', () => {
    const reachable = new Set([...Object.values(methodRules).flatMap(({ shows }) => shows), 'complete', 'contained', 'held-out', 'alternatives-tried', 'unique']);
    for (const { anyOf } of requirements) expect(anyOf.some((facet) => reachable.has(facet))).toBe(true);
    for (const { approach } of Object.values(methodRules)) expect(approaches).toContain(approach);
    for (const bySubject of Object.values(checksFor)) for (const method of Object.values(bySubject)) expect(Object.keys(methodRules)).toContain(method);
  });
});

describe('over-claims', () => {
  const flagged = (claim: string, evidence = [probe]): string[] => overClaims(finding(evidence, { claim })).map(({ word }) => word);

  it.each([
    ['The model uses the number of the subject.', ['uses']],
    ['Head 3 causes the answer and drives the output.', ['causes', 'drives']],
    ['The property is decodable at layer 2.', []],
    ['The model does not use it; nothing depends.', []],
    ['It is not shown that the model uses it.', []],
    ['It is decodable, but the model never really uses it.', []],
    ['This is the only circuit, and it is sufficient.', ['sufficient', 'the only']],
    ['A user of the model misused causality.', []],
    ['It USES it.', ['USES']],
  ])('%s', (claim, words) => expect(flagged(claim)).toEqual(words));

  it('are cleared by a causal record that beats its null', () => {
    expect(flagged('The model uses it.', [probe, ablation])).toEqual([]);
    expect(flagged('The model uses it.', [probe, { ...ablation, ...control(3) }])).toEqual(['uses']);
  });

  it('"unique" needs a Rashomon check that found nothing as good', () => {
    expect(flagged('It is unique.', [{ ...circuit, measures: { rashomon: 0.88 } }])).toEqual(['unique']);
    expect(flagged('It is unique.', [{ ...circuit, measures: { rashomon: 0.3 } }])).toEqual([]);
  });
});
