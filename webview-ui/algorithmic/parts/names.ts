/** Short names of places in a model, for axes and rows; the full hook name stays in titles and files. Pure. */
import type { PromptToken } from '../../../src/protocol/methods/algorithmicResults.ts';
import { visibleToken } from '../../shared/notation.ts';

/** `3 resid_post` for `blocks.3.hook_resid_post`; `3 z` for `blocks.3.attn.hook_z`; others as they are. */
export function hookLabel(hook: string): string {
  const found = /^blocks\.(\d+)\.(?:attn\.|mlp\.)?hook_(\w+)$/.exec(hook);
  return found === null ? hook.replace(/^hook_/, '') : `${found[1]} ${found[2]}`;
}

export function layerOf(hook: string): number | undefined {
  const found = /^blocks\.(\d+)\./.exec(hook);
  return found === null ? undefined : Number(found[1]);
}

/** `3 ␣Mary`: a token may occur twice, its position does not. */
export function positionLabels(tokens: readonly PromptToken[]): string[] {
  return tokens.map(({ text }, position) => `${position} ${visibleToken(text)}`);
}

/** To some places. What is not a number arrives as null: messages to pages are JSON. */
export function fixed(value: number | null, places = 2): string {
  return value === null || !Number.isFinite(value) ? '–' : value.toFixed(places).replace(/^-(0(?:\.0+)?)$/, '$1');
}

/** With its sign, `0` where it rounds to nothing. */
export function signedText(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value).toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
  return Number(size) === 0 ? '0' : `${value > 0 ? '+' : '−'}${size}`;
}
