/** The families this build knows, by the `model_type` of config.json. */
import { bert } from './bert.ts';
import { clip } from './clip.ts';
import type { Family } from './definition.ts';
import { distilbert } from './distilbert.ts';
import { gemma } from './gemma.ts';
import { gemma2 } from './gemma2.ts';
import { gpt2 } from './gpt2.ts';
import { gptNeo } from './gptNeo.ts';
import { gptNeox } from './gptNeox.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import { opt } from './opt.ts';
import { phi } from './phi.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';
import { deit, vit } from './vit.ts';

export const families: ReadonlyMap<string, Family> = new Map(
  [gpt2, gptNeo, gptNeox, opt, llama, mistral, qwen2, qwen3, gemma, gemma2, phi, bert, distilbert, vit, deit, clip].map((family) => [family.modelType, family]),
);
