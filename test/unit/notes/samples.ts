/** Findings and records for tests. */
import type { Evidence, Finding } from '../../../src/notes/format/schema.ts';

export function record(method: string, more: Partial<Evidence> = {}): Evidence {
  return {
    id: 'e1', method: `${method}@1`, date: '2026-11-24', models: [{ id: 'm', hash: '0123456789abcdef' }], dictionaries: [], inputs: {}, parameters: {}, seed: 0, metric: 'number', value: 1, measures: {}, history: [],
    ...more,
  };
}

export function finding(evidence: readonly Evidence[], more: Partial<Finding> = {}): Finding {
  return {
    mechanist: 'finding/1', id: 'a', title: 'A', claim: 'A thing is seen.', kind: 'semantic', status: 'open', authors: [], subjects: ['mechanist:feature/m/h/3'], assumptions: [], related: [],
    evidence: evidence.map((item, i) => ({ ...item, id: `e${i + 1}` })), ...more,
  };
}
