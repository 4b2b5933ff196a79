/** `pairs.read`: a prompt-pair file with all that is wrong with it. */
import { alignPairs } from '../../../engine/pairs/alignPairs.ts';
import { readPairs } from '../../../engine/pairs/readPairs.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { PairFile } from '../../../protocol/methods/algorithmicResults.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { alignmentTarget, readPairText } from './prompts.ts';

/** Errors: those of `readPairText`; what the text says is in the diagnostics. */
export async function* pairsRead(session: Session, { model, source }: ParsedParams<'pairs.read'>): Job<PairFile> {
  const open = model === undefined ? undefined : session.model(model);
  yield { stage: 'reading' };
  const text = await readPairText(source);
  const lines = text.split('\n');
  const { pairs, diagnostics } = readPairs(text);
  const aligned = open === undefined ? undefined : alignPairs(pairs, alignmentTarget(open));
  const byLine = new Map(aligned?.groups.flatMap((group) => group.pairs.map((pair) => [pair.line, pair] as const)));
  const shown = (prompt: string | readonly number[]): string => (typeof prompt === 'string' ? prompt : open?.hasTokenizer === true ? open.tokenizer.decode(prompt) : prompt.join(' '));
  return {
    pairs: pairs.map(({ line, clean, corrupted, answers, distractors }) => ({
      line, clean: shown(clean), corrupted: shown(corrupted), answers: answers.map(String), distractors: distractors.map(String),
      tokens: byLine.get(line)?.clean.length, differing: byLine.get(line)?.differing,
    })),
    diagnostics: [...diagnostics, ...(aligned?.diagnostics ?? [])]
      .map((diagnostic) => ({ ...diagnostic, endColumn: Math.min(diagnostic.endColumn, (lines[diagnostic.line - 1]?.length ?? 0) + 1) }))
      .toSorted((a, b) => a.line - b.line || a.column - b.column),
  };
}
