/** The families this build knows, by the `model_type` of config.json. */
import type { Family } from './definition.ts';
import { gpt2 } from './gpt2.ts';
import { llama } from './llama.ts';

export const families: ReadonlyMap<string, Family> = new Map([gpt2, llama].map((family) => [family.modelType, family]));
