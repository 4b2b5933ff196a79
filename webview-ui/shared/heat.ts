/** From values to the steps of the two scales: activation (one hue, 0 to 9) and signed effect (−9 to 9). */

/** A token as a strip shows it. */
export interface StripToken {
  readonly label: string;
  /** 0 (uncoloured) to 9. */
  readonly level: number;
  readonly value: string;
  readonly selected: boolean;
  /** Whether a line ends with this token. */
  readonly breaks: boolean;
}

const levels = 9;

/** Step of a value between 0 and `most`; what is not positive is 0. */
export function levelOf(value: number | undefined, most: number): number {
  if (value === undefined || !(value > 0) || !(most > 0)) return 0;
  return Math.max(1, Math.min(levels, Math.ceil((value / most) * levels)));
}

/** Step of a signed value between −most and most; 0 for NaN. */
export function signedLevelOf(value: number | undefined, most: number): number {
  if (value === undefined || !(Math.abs(value) > 0)) return 0;
  return value > 0 ? levelOf(value, most) : -levelOf(-value, most);
}

/** The class that colours a step. A token is never told apart by colour alone: strong ones are underlined, negative ones dotted. */
export function heatClass(level: number, signed: boolean): string {
  if (level === 0) return '';
  if (!signed) return `level-${level}`;
  return level > 0 ? `effect-more-${level}` : `effect-less-${-level}`;
}
