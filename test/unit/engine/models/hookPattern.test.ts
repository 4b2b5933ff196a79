import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MechanistError } from '../../../../src/engine/errors.ts';
import { matchesGlob, selectHooks } from '../../../../src/engine/models/hookPattern.ts';

const names = [
  'hook_embed', 'blocks.0.hook_resid_pre', 'blocks.0.attn.hook_q', 'blocks.0.attn.hook_z', 'blocks.1.attn.hook_z',
  'blocks.11.attn.hook_z', 'blocks.1.hook_resid_post', 'ln_final.hook_scale',
];

describe('selectHooks', () => {
  it.each<[string, string[]]>([
    ['*', names],
    ['blocks.*', names.slice(1, 7)],
    ['blocks.*.hook_z', ['blocks.0.attn.hook_z', 'blocks.1.attn.hook_z', 'blocks.11.attn.hook_z']],
    ['blocks.?.attn.hook_z', ['blocks.0.attn.hook_z', 'blocks.1.attn.hook_z']],
    ['ln_final.hook_scale, hook_embed', ['hook_embed', 'ln_final.hook_scale']],
    ['blocks.0.*,blocks.0.attn.*', names.slice(1, 4)],
  ])('%s', (patterns, expected) => {
    expect(selectHooks(patterns, names)).toEqual(expected);
  });

  it('suggests the nearest name when nothing matches', () => {
    expect(() => selectHooks('blocks.0.hook_z', names)).toThrow(/Did you mean blocks\.0\.attn\.hook_z/);
  });

  it('fails when one of several patterns matches nothing', () => {
    expect(() => selectHooks('hook_embed,blocks.7.*', names)).toThrow(MechanistError);
  });

  it('fails on an empty selection', () => {
    expect(() => selectHooks(' , ', names)).toThrow(MechanistError);
  });
});

describe('matchesGlob', () => {
  it('agrees with the regular expression of the pattern', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), maxLength: 6 });
    fc.assert(fc.property(pattern, letters, (p, name) => {
      const regex = new RegExp(`^${p.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')}$`);
      expect(matchesGlob(p, name)).toBe(regex.test(name));
    }));
  });

  it('stays fast on patterns that would blow up a backtracking matcher', () => {
    expect(matchesGlob(`${'*a'.repeat(40)}b`, 'a'.repeat(2000))).toBe(false);
  });
});
