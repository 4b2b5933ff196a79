import { describe, expect, it } from 'vitest';
import { renderTrace, type TraceReport } from '../../../src/cli/trace/report.ts';

const report: TraceReport = {
  model: 'tiny',
  tokens: [{ text: 'the', surprise: undefined }, { text: '·cat', surprise: 4 }],
  next: [{ text: '·sat', probability: 0.5 }],
  lens: [{ stage: 'embed', guess: { text: '·the', probability: 0.25 } }],
  heads: [{ layer: 1, head: 2, contribution: 2 }, { layer: 0, head: 3, contribution: -1 }],
  contrast: { right: '·sat', wrong: '·ran' },
  attention: [0.25, 0.75],
};

describe('renderTrace', () => {
  it('lays out tokens, lens, heads and attention', () => {
    expect(renderTrace(report, false)).toBe(
      `tiny

Tokens  surprise in bits
  the
  ·cat    4.00  ██████

Next token
  ·sat   50.0 %  ████████████

Logit lens  what the residual stream would predict after each layer
  embed     ·the   25.0 %  ██████

Heads  direct contribution to the logit of ·sat over ·ran
  L1H2      +2.000  ████████████████████████
  L0H3      -1.000  ████████████

Attention of L1H2  from the last token
  the   0.25  ██████
  ·cat  0.75  ██████████████████
`);
  });

  it('colours only when asked', () => {
    const escape = String.fromCharCode(27);
    expect(renderTrace(report, false)).not.toContain(escape);
    const coloured = renderTrace(report, true);
    expect(coloured).toContain(escape);
    expect(coloured.replaceAll(new RegExp(`${escape}\\[\\d+m`, 'g'), '')).toBe(renderTrace(report, false));
  });

  it('leaves out heads and attention for a model without them', () => {
    const text = renderTrace({ ...report, heads: [], attention: [] }, false);
    expect(text).not.toContain('Heads');
    expect(text).not.toContain('Attention');
  });
});
