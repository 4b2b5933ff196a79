import { describe, expect, it } from 'vitest';
import { groupings, groupsOf } from '../../../../src/extension/findings/grouping.ts';
import { quotedLines } from '../../../../src/extension/findings/quotedLines.ts';
import { mostSubjects, shownMap } from '../../../../src/extension/findings/shownMap.ts';
import { bounded, longestAnswer, toolInput, toolSchemas } from '../../../../src/extension/findings/toolRequests.ts';
import { findingMap } from '../../../../src/notes/findingMap.ts';
import { assess } from '../../../../src/notes/grade/grade.ts';
import type { Evidence, Finding } from '../../../../src/notes/format/schema.ts';
import type { FindingEntry } from '../../../../src/notes/noteIndex.ts';
import { readBytes } from '../../../architecture/sources.ts';
import { finding, record } from '../../notes/samples.ts';

const t = (message: string, ...values: (string | number)[]): string => message.replaceAll(/\{(\d)\}/g, (_, i: string) => String(values[Number(i)]));
const entry = (id: string, evidence: readonly Evidence[], more: Partial<Finding> = {}): FindingEntry => {
  const made = finding(evidence, { id, title: id, ...more });
  return { path: `file:///${id}.md`, finding: made, grade: assess(made).grade, state: undefined };
};
const causal = record('feature.effect', { value: 2, control: { name: 'random', value: 0 } });
const [feature, component] = ['mechanist:feature/m/blocks.1.attn.hook_z/1', 'mechanist:component/m/blocks.1.attn.hook_z/2'];

describe('the map', () => {
  it('joins the two sides where a finding names both, as strong as the weakest, unified by an intervention only', () => {
    const map = findingMap([entry('a', [causal], { subjects: [feature, component] }), entry('b', [record('feature.statistics')], { subjects: [feature, component] }), entry('c', [], { subjects: [component] })]);
    expect(map.semantic.map(({ uri, findings }) => [uri, findings.length])).toEqual([[feature, 2]]);
    expect(map.algorithmic.map(({ uri, findings }) => [uri, findings.length])).toEqual([[component, 3]]);
    expect(map.lines).toMatchObject([{ semantic: feature, algorithmic: component, grade: 'observed', unified: true }]);
    expect(findingMap([entry('b', [record('feature.statistics')], { subjects: [feature, component] })]).lines[0]!.unified).toBe(false);
  });

  it('goes to its page as plain data of a bounded size, with lines between places', () => {
    const map = shownMap(findingMap([entry('a', [causal], { subjects: [feature, component] }), entry('b', [], { subjects: [component] })]), t);
    expect(map).toMatchObject({ semantic: [{ uri: feature }], algorithmic: [{ uri: component, findings: [{ title: 'a' }, { title: 'b' }] }], lines: [{ semantic: 0, algorithmic: 0, unified: true }], left: 0 });
    const many = Array.from({ length: mostSubjects + 5 }, (_, i) => `mechanist:circuit/m/c${i}`);
    const large = shownMap(findingMap([entry('a', [], { subjects: [feature, ...many] })]), t);
    expect(large.algorithmic).toHaveLength(mostSubjects);
    expect(large.left).toBe(5);
    expect(large.lines).toHaveLength(mostSubjects);
  });
});

it.each(groupings)('grouping by %s keeps every finding', (grouping) => {
  const entries = [entry('a', [causal], { subjects: [feature, component] }), entry('b', [], { subjects: [], kind: 'unified', status: 'refuted' })];
  const groups = groupsOf(entries, grouping, t);
  expect(new Set(groups.flatMap((group) => group.entries.map(({ finding: { id } }) => id)))).toEqual(new Set(['a', 'b']));
});

it('lines of a text are found by quotation and by file', () => {
  const entries = [entry('a', [record('a.b', { inputs: { text: 'second line\nnot there' } })]), entry('b', [record('a.b', { inputs: { pairs: { path: 'x.jsonl', hash: '0' } } })]), entry('c', [record('a.b', { inputs: { text: 'elsewhere' } })])];
  expect(quotedLines('first\r\n  second line\r\n', entries, (_, path) => path === 'x.jsonl').map(({ line, entry: { finding: { id } } }) => [line, id])).toEqual([[0, 'b'], [1, 'a']]);
});

describe('tools of assistants', () => {
  it.each([
    ['get_top_features', { text: 'x', count: 21 }], ['get_top_features', { text: '' }], ['get_top_features', { text: 'x', also: 1 }], ['trace_prompt', { text: 'x'.repeat(4001) }], ['run_patching', { clean: 'a', corrupted: 'b', answer: 'c', distractor: 'd', hook: '../x' }],
    ['open_finding', { id: '../../x' }], ['verify_finding', null], ['verify_finding', { id: 5 }],
  ] as const)('%s refuses %j', (name, input) => expect(() => toolInput(name, input)).toThrow());

  it('fill in defaults, and bound their answers', () => {
    expect(toolInput('get_top_features', { text: 'x' })).toEqual({ text: 'x', count: 5 });
    expect(bounded('x'.repeat(100_000)).length).toBeLessThanOrEqual(longestAnswer);
  });

  it('are declared in the manifest with the same names and fields', () => {
    const { contributes } = JSON.parse(readBytes('package.json').toString('utf8')) as { contributes: { languageModelTools: { name: string; toolReferenceName: string; inputSchema: { properties: object; required: string[] } }[] } };
    const declared = Object.fromEntries(contributes.languageModelTools.map(({ name, inputSchema }) => [name, Object.keys(inputSchema.properties)]));
    expect(declared).toEqual(Object.fromEntries(Object.entries(toolSchemas).map(([name, schema]) => [name, Object.keys(schema.entries)])));
    for (const { name, toolReferenceName } of contributes.languageModelTools) expect(toolReferenceName).toBe(name);
  });
});
