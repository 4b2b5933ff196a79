import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../../src/notes/format/schema.ts';
import { isUnified, unifiedLack } from '../../../src/notes/grade/unified.ts';
import type { UnifiedLack } from '../../../src/notes/grade/unified.ts';
import { finding, record } from './samples.ts';

const feature = 'mechanist:feature/m/blocks.2.hook_resid_post.coarse/5';
const stream = 'mechanist:component/m/blocks.2.hook_resid_post';
const head = 'mechanist:component/m/blocks.2.attn.hook_z/1';
const headFeature = 'mechanist:feature/m/blocks.2.attn.hook_z/7';
const interchange = record('interchange.activation', { value: 0.8, interval: [0.7, 0.9], control: { name: 'other heads', value: 0.1, interval: [0, 0.3] } });

describe('a finding is unified', () => {
  it.each([
    ['with both sides of one component and an interchange that passed', [feature, stream], [interchange], undefined],
    ['with a head of the hook point that its dictionary reads', [headFeature, head], [interchange], undefined],
    ['with an ablation beyond its null', [headFeature, head], [record('ablation.head', { value: 2, control: { name: 'others', value: 0.1 } })], undefined],
    ['with an edge from the head', [headFeature, 'mechanist:edge/m/a2.h1/logits'], [interchange], undefined],
    ['with a transcoder and the MLP it stands for', ['mechanist:feature/m/transcoders.2/3', 'mechanist:component/m/blocks.2.hook_mlp_out'], [interchange], undefined],
    ['not with one side alone', [feature], [interchange], 'sides'],
    ['not with parts of different hook points', [feature, head], [interchange], 'component'],
    ['not with the same hook point of two models', [feature, 'mechanist:component/other/blocks.2.hook_resid_post'], [interchange], 'component'],
    ['not without a test', [feature, stream], [record('feature.statistics')], 'test'],
    ['not with an interchange within its control', [feature, stream], [{ ...interchange, control: { name: 'other heads', value: 0.6, interval: [0.4, 0.75] } }], 'test'],
    ['not with an interchange that has no control', [feature, stream], [record('interchange.activation', { value: 0.8 })], 'test'],
    ['not with patching, which shows sufficiency only', [feature, stream], [record('patching.activation', { value: 0.9, control: { name: 'others', value: 0 } })], 'test'],
  ] satisfies [string, string[], Evidence[], UnifiedLack | undefined][])('%s', (_, subjects, evidence, lack) => {
    expect(unifiedLack(finding(evidence, { subjects }))).toBe(lack);
    expect(isUnified(finding(evidence, { subjects }))).toBe(lack === undefined);
  });
});
