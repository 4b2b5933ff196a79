import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadImageProcessor } from '../../../../src/engine/models/processor.ts';
import { folderWith } from './tokenizerFixtures.ts';

const mean = [0.5, 0.4, 0.3];
const std = [0.5, 0.25, 0.2];
const vit = {
  image_processor_type: 'ViTImageProcessor', do_resize: true, size: { height: 2, width: 2 }, resample: 2,
  do_rescale: true, rescale_factor: 1 / 255, do_normalize: true, image_mean: mean, image_std: std,
};

/** Two by two pixels: red, green, blue, gray. */
const pixels = [255, 0, 0, 0, 255, 0, 0, 0, 255, 51, 51, 51];
const rgb = { width: 2, height: 2, channels: 3, data: Uint8Array.from(pixels) } as const;
const rgba = {
  width: 2, height: 2, channels: 4,
  data: Uint8Array.from([0, 1, 2, 3].flatMap((p) => [...pixels.slice(3 * p, 3 * p + 3), 255])),
} as const;

/** (value / 255 − mean) / std, channel by channel. */
const normalised = [0, 1, 2].flatMap((c) => [0, 1, 2, 3].map((p) => (pixels[3 * p + c]! / 255 - mean[c]!) / std[c]!));

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 5);
}

describe('loadImageProcessor', () => {
  it.each([['RGB', rgb], ['RGBA', rgba]] as const)('rescales and normalises %s pixels', async (_, image) => {
    const processor = await loadImageProcessor(await folderWith({ 'preprocessor_config.json': vit }));
    const values = await processor.process(image);
    expect(values.dims).toEqual([1, 3, 2, 2]);
    expectClose(values.data, normalised);
  });

  it('decodes an image file', async () => {
    const folder = await folderWith({ 'preprocessor_config.json': vit });
    const file = join(folder, 'image.png');
    const { RawImage } = await import('@huggingface/transformers');
    await new RawImage(rgb.data, 2, 2, 3).save(file);
    const values = await (await loadImageProcessor(folder)).process(file);
    expectClose(values.data, normalised);
  });

  it('resizes the shorter edge and crops the centre, as CLIP does', async () => {
    const clip = { ...vit, image_processor_type: 'CLIPImageProcessor', size: { shortest_edge: 4 }, do_center_crop: true, crop_size: { height: 4, width: 4 } };
    const processor = await loadImageProcessor(await folderWith({ 'preprocessor_config.json': clip }));
    const values = await processor.process({ width: 16, height: 8, channels: 1, data: new Uint8Array(128).fill(51) });
    expect(values.dims).toEqual([1, 3, 4, 4]);
    expectClose(values.data, [0, 1, 2].flatMap((c) => Array.from({ length: 16 }, () => (0.2 - mean[c]!) / std[c]!)));
  });

  it('fails without preprocessor_config.json', async () => {
    await expect(loadImageProcessor(await folderWith({}))).rejects.toMatchObject({ reason: 'not-found' });
  });

  it('fails on a file that is no image', async () => {
    const folder = await folderWith({ 'preprocessor_config.json': vit });
    await writeFile(join(folder, 'x.png'), 'not an image');
    const processor = await loadImageProcessor(folder);
    await expect(processor.process(join(folder, 'x.png'))).rejects.toMatchObject({ reason: 'parse', file: join(folder, 'x.png') });
    await expect(processor.process(join(folder, 'y.png'))).rejects.toMatchObject({ reason: 'not-found' });
  });

  it('fails on pixels that do not fill the image', async () => {
    const processor = await loadImageProcessor(await folderWith({ 'preprocessor_config.json': vit }));
    await expect(processor.process({ ...rgb, width: 3 })).rejects.toMatchObject({ reason: 'argument' });
  });
});
