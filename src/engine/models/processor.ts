/**
 * From an image to the pixel values a vision model reads, over the image processors of transformers.js:
 * resizing, cropping, rescaling and normalising as preprocessor_config.json of the model folder says.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MechanistError } from '../errors.ts';
import { tensor } from '../tensor.ts';
import type { Tensor } from '../tensor.ts';
import { readJsonObject } from './jsonFile.ts';
import type { JsonObject } from './jsonFile.ts';
import { transformersLibrary } from './tokenizer/library.ts';

/** Pixels as bytes, row by row, `channels` values each: gray (1), RGB (3) or RGBA (4, alpha is dropped). */
export interface RawPixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  readonly data: Uint8Array | Uint8ClampedArray;
}

export interface ImageProcessor {
  /** Pixel values float32 [1, 3, H, W] of an image file (PNG, JPEG, WebP, …) or of raw pixels. Errors: `not-found`, `parse`, `argument`. */
  process(image: string | RawPixels): Promise<Tensor<'float32'>>;
}

/**
 * Reads preprocessor_config.json of a model folder.
 * Errors: `not-found` without the file, `parse` for a malformed one.
 */
export async function loadImageProcessor(folder: string): Promise<ImageProcessor> {
  const file = join(folder, 'preprocessor_config.json');
  const config = await readJsonObject(file);
  if (config === undefined) {
    throw new MechanistError('not-found', 'The model folder does not say how to prepare an image.', {
      file, hint: 'Pixel values can be given directly: --inputs FILE.safetensors with pixel_values.',
    });
  }
  const library = await transformersLibrary();
  const processor = buildProcessor(library, config);
  return {
    async process(image) {
      const raw = typeof image === 'string' ? await decodeFile(library, image) : fromPixels(library, image);
      try {
        const { pixel_values: values } = (await processor(raw)) as { pixel_values: { dims: number[]; data: unknown } };
        if (values.data instanceof Float32Array) return tensor('float32', values.dims, values.data);
      } catch (error) {
        throw new MechanistError('parse', `The image could not be prepared: ${describe(error)}.`, { file, cause: error });
      }
      throw new MechanistError('unsupported', 'The image processor does not produce float32 pixel values.', { file });
    },
  };
}

type Library = Awaited<ReturnType<typeof transformersLibrary>>;
type Image = InstanceType<Library['RawImage']>;

function buildProcessor(library: Library, config: JsonObject): (image: Image) => Promise<unknown> {
  const type = config['image_processor_type'] ?? config['feature_extractor_type'];
  const name = typeof type === 'string' ? type.replace(/Fast$/, '') : '';
  const named: unknown = (library as unknown as JsonObject)[name];
  const Class = typeof named === 'function' && named.prototype instanceof library.ImageProcessor ? named : library.ImageProcessor;
  return new (Class as new (config: JsonObject) => unknown)(config) as (image: Image) => Promise<unknown>;
}

async function decodeFile(library: Library, file: string): Promise<Image> {
  let bytes: Buffer<ArrayBuffer>;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new MechanistError('not-found', 'The image could not be read.', { file, cause: error });
  }
  try {
    return await library.RawImage.fromBlob(new Blob([bytes]));
  } catch (error) {
    throw new MechanistError('parse', `The file is not an image that can be decoded: ${describe(error)}.`, { file, cause: error });
  }
}

function fromPixels(library: Library, { width, height, channels, data }: RawPixels): Image {
  const whole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (!whole || data.length !== width * height * channels) {
    throw new MechanistError('argument', `${data.length} bytes are not an image of ${width} × ${height} pixels with ${channels} channels.`);
  }
  return new library.RawImage(data, width, height, channels);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
