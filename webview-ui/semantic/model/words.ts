/** How the semantic view writes its numbers. */

/** `2.1 %`, `0.003 %`: a share of tokens with two figures. */
export function shareText(share: number): string {
  if (!(share > 0)) return '0 %';
  const percent = share * 100;
  if (percent < 0.001) return '< .001 %';
  return `${percent >= 10 ? percent.toFixed(0) : percent >= 1 ? percent.toFixed(1) : percent.toPrecision(2)} %`;
}

/** A score in 0…1 without the leading zero: `.93`. */
export function scoreText(score: number | undefined): string {
  if (score === undefined || !Number.isFinite(score)) return '–';
  return score >= 0.995 ? '1.0' : score.toFixed(2).replace(/^(-?)0/, '$1');
}

/** `●●●○` for a grade of 0 to 4, and the words behind it. */
export function gradeDots(grade: number): string {
  const filled = Math.max(0, Math.min(4, Math.round(grade)));
  return '●'.repeat(filled) + '○'.repeat(4 - filled);
}

export function signedText(value: number): string {
  const text = Math.abs(value) >= 10 ? value.toFixed(1) : value.toPrecision(2);
  return value > 0 ? `+${text}` : text.replace('-', '−');
}

export function countText(count: number): string {
  return count.toLocaleString('en');
}
