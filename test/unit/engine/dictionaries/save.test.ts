/** Saving in SAELens' layout: what is read again is what was written. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openDictionary } from '../../../../src/engine/dictionaries/open.ts';
import { saveSaelens } from '../../../../src/engine/dictionaries/save.ts';

const fixtures = join(import.meta.dirname, '../../../fixtures/sae');
const folder = mkdtempSync(join(tmpdir(), 'mechanist-save-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(['saelens_00_standard', 'saelens_02_standard_constant_norm_rescale', 'saelens_05_gated', 'saelens_06_jumprelu', 'saelens_08_topk', 'saelens_12_skip_transcoder', 'gemma_scope'])('%s', (name) => {
  test('keeps its identity', async () => {
    const hooks = { input: 'blocks.0.hook_resid_post', output: name.includes('transcoder') ? 'blocks.0.hook_mlp_out' : 'blocks.0.hook_resid_post' };
    const dictionary = await openDictionary(join(fixtures, name), { hooks });
    saveSaelens(dictionary, join(folder, name), { half: false });
    const again = await openDictionary(join(folder, name));
    const { source: _, hash: _h, parameters: _p, metadata: _m, id: _i, ...choices } = dictionary;
    expect(again).toMatchObject(choices);
    for (const parameter of dictionary.parameters.names()) expect(again.parameters.get(parameter)).toEqual(dictionary.parameters.get(parameter));
  });

  test('in half precision loses at most half a unit in the tenth bit', async () => {
    const dictionary = await openDictionary(join(fixtures, name));
    saveSaelens(dictionary, join(folder, `${name}-half`), { half: true });
    const again = await openDictionary(join(folder, `${name}-half`));
    const [written, read] = [dictionary, again].map(({ parameters }) => parameters.get('W_dec').data as Float32Array) as [Float32Array, Float32Array];
    written.forEach((v, i) => expect(Math.abs(v - read[i]!)).toBeLessThanOrEqual(Math.max(Math.abs(v) * 2 ** -11, 2 ** -25)));
    expect(read).not.toEqual(written);
  });
});
