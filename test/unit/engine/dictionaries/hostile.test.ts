/** Configurations from anywhere: the result is a dictionary or a `MechanistError`, nothing else. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { openDictionary, openTranscoders } from '../../../../src/engine/dictionaries/open.ts';
import { parseYaml } from '../../../../src/engine/dictionaries/layouts/description.ts';
import { MechanistError } from '../../../../src/engine/errors.ts';
import { writeSafetensors } from '../../../../src/engine/formats/safetensorsWriter.ts';
import { f32 } from '../../../../src/engine/tensor.ts';

const folder = mkdtempSync(join(tmpdir(), 'mechanist-hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));

const tensors = [['W_enc', f32([2, 3], [1, 2, 3, 4, 5, 6])], ['W_dec', f32([3, 2], [1, 2, 3, 4, 5, 6])], ['b_enc', f32([3], [0, 0, 0])], ['b_dec', f32([2], [0, 0])]] as const;
const valid = { architecture: 'standard', d_in: 2, d_sae: 3, metadata: { sae_lens_version: '6.0.0' } };
const value = fc.oneof(fc.jsonValue(), fc.constantFrom(0, -1, 2 ** 60, 1.5, '__proto__', null, true, [], {}));
const fields = ['architecture', 'd_in', 'd_sae', 'd_out', 'k', 'metadata', 'normalize_activations', 'reshape_activations', 'apply_b_dec_to_input', 'activation_fn_str', 'activation_fn_kwargs', 'hook_point', '__proto__'];

test.each([
  ['SAELens', 'sae_weights.safetensors', 'cfg.json'],
  ['sparsify', 'sae.safetensors', 'cfg.json'],
])('%s configurations', async (name, weights, config) => {
  const root = mkdtempSync(join(folder, `${name}-`));
  writeSafetensors(join(root, weights), tensors);
  let opened = 0;
  await fc.assert(fc.asyncProperty(fc.dictionary(fc.constantFrom(...fields), value, { maxKeys: 4 }), async (changes) => {
    writeFileSync(join(root, config), JSON.stringify({ ...valid, ...changes }));
    try {
      await openDictionary(root);
      opened++;
    } catch (error) {
      expect(MechanistError.is(error), String(error)).toBe(true);
    }
  }), { numRuns: 200, seed: 7 });
  // Otherwise the property would hold for a reader that refuses everything.
  if (name === 'SAELens') expect(opened).toBeGreaterThan(0);
});

test.each([
  ['not YAML', 'a: [1'],
  ['a list', '- a'],
  ['a duplicate key', 'a: 1\na: 2'],
  ['an alias bomb', `a: &a [1,2,3,4,5,6,7,8,9]\n${Array.from({ length: 9 }, (_, i) => `${'bcdefghij'[i]}: &${'bcdefghij'[i]} [${Array.from({ length: 9 }, () => `*${'abcdefghi'[i]}`).join(',')}]`).join('\n')}`],
])('%s is no configuration', (_, text) => {
  expect(() => parseYaml('config.yaml', text)).toThrow(expect.objectContaining({ reason: 'parse', file: 'config.yaml' }));
});

test.each(['hf://owner/name/file.safetensors', '/etc/passwd', '../outside.safetensors', 'a/../../b.safetensors', ''])('a transcoder at "%s" is not read', async (filepath) => {
  const root = mkdtempSync(join(folder, 'set-'));
  writeFileSync(join(root, 'config.yaml'), `model_kind: transcoder_set\ntranscoders:\n  - layer: 0\n    filepath: "${filepath}"\n`);
  await expect(openTranscoders(root)).rejects.toMatchObject({ reason: 'unsupported', field: 'transcoders.0.filepath' });
});
