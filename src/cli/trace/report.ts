/** The trace of a prompt as data, and as text for a terminal. Nothing here runs a model. */

/** What a trace found, all at the last position where not said otherwise. Token texts are in display form. */
export interface TraceReport {
  readonly model: string;
  /** Each prompt token with its surprise −log2 p(token | what came before), in bits; undefined for the first. */
  readonly tokens: readonly { readonly text: string; readonly surprise: number | undefined }[];
  /** Likeliest next tokens, likeliest first. */
  readonly next: readonly Guess[];
  /** What the residual stream would predict if it were unembedded after each stage. */
  readonly lens: readonly { readonly stage: string; readonly guess: Guess }[];
  /** Heads by the size of their direct contribution to the contrast, largest first. */
  readonly heads: readonly HeadContribution[];
  /** The contrast that heads contribute to: logit of `right` minus logit of `wrong`. */
  readonly contrast: { readonly right: string; readonly wrong: string };
  /** Where the first of those heads looks from the last position: one weight per prompt token. */
  readonly attention: readonly number[];
}

export interface Guess {
  readonly text: string;
  readonly probability: number;
}

export interface HeadContribution {
  readonly layer: number;
  readonly head: number;
  /** Logits. */
  readonly contribution: number;
}

/** Lines of text, with ANSI colours if wanted. */
export function renderTrace(report: TraceReport, colour: boolean): string {
  const paint = painter(colour);
  const texts = report.tokens.map(({ text }) => text);
  const tokenWidth = widest([...texts, ...report.next.map(({ text }) => text), ...report.lens.map(({ guess }) => guess.text)]);
  const name = (text: string): string => text.padEnd(tokenWidth);
  const sections = [
    [paint.bold(report.model)],
    [
      paint.bold('Tokens') + paint.dim('  surprise in bits'),
      ...report.tokens.map(({ text, surprise }) =>
        surprise === undefined ? name(text) : `${name(text)}  ${surprise.toFixed(2).padStart(6)}  ${paint.warm(bar(surprise / 16))}`),
    ],
    [
      paint.bold('Next token'),
      ...report.next.map(({ text, probability }) => `${name(text)}  ${percent(probability)}  ${paint.cool(bar(probability))}`),
    ],
    [
      paint.bold('Logit lens') + paint.dim('  what the residual stream would predict after each layer'),
      ...report.lens.map(({ stage, guess }) => `${stage.padEnd(8)}  ${name(guess.text)}  ${percent(guess.probability)}  ${paint.cool(bar(guess.probability))}`),
    ],
    headSection(report, paint),
    report.heads[0] === undefined ? [] : [
      paint.bold(`Attention of ${headName(report.heads[0])}`) + paint.dim('  from the last token'),
      ...report.attention.map((weight, i) => `${name(texts[i]!)}  ${weight.toFixed(2)}  ${paint.cool(bar(weight))}`),
    ],
  ];
  return `${sections.filter((lines) => lines.length > 0).map((lines) => lines.map((line, i) => (i === 0 ? line : `  ${line}`).trimEnd()).join('\n')).join('\n\n')}\n`;
}

function headSection({ heads, contrast }: TraceReport, paint: Painter): string[] {
  const largest = Math.max(...heads.map(({ contribution }) => Math.abs(contribution)));
  if (heads.length === 0) return [];
  return [
    paint.bold('Heads') + paint.dim(`  direct contribution to the logit of ${contrast.right} over ${contrast.wrong}`),
    ...heads.map((head) => {
      const { contribution } = head;
      const drawn = bar(Math.abs(contribution) / largest);
      return `${headName(head).padEnd(8)}  ${(contribution < 0 ? '' : '+') + contribution.toFixed(3)}  ${contribution < 0 ? paint.warm(drawn) : paint.cool(drawn)}`;
    }),
  ];
}

function headName({ layer, head }: HeadContribution): string {
  return `L${layer}H${head}`;
}

interface Painter {
  bold(text: string): string;
  dim(text: string): string;
  warm(text: string): string;
  cool(text: string): string;
}

function painter(colour: boolean): Painter {
  const style = (code: number) => (text: string): string => (colour && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { bold: style(1), dim: style(2), warm: style(33), cool: style(36) };
}

const barWidth = 24;

function bar(share: number): string {
  return '█'.repeat(Math.round(Math.min(1, Math.max(0, share)) * barWidth));
}

function percent(probability: number): string {
  return `${(100 * probability).toFixed(1).padStart(5)} %`;
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => text.length));
}
