/** The ground-truth score as files: JSON for programs, Markdown for people. */
import { grouped, percent, table } from '../evaluate/markdown.ts';
import { fewest } from './coding.ts';
import type { Skipped } from './coding.ts';
import { compared } from './measure.ts';
import type { Compared } from './measure.ts';
import { reach } from './summary.ts';
import type { Share, Summary } from './summary.ts';

/** Numbers to five significant digits, so that files differ only where results do. */
export function reportJson(value: unknown): string {
  const short = (_: string, part: unknown): unknown => (typeof part === 'number' && !Number.isInteger(part) ? Number(part.toPrecision(5)) : part);
  return `${JSON.stringify(value, short, 1)}\n`;
}

const titles: Readonly<Record<Compared, string>> = {
  latents: 'latents', neurons: 'neurons', principal: 'PCA', random: 'random', control: 'untrained',
};

/** The shares of variables that single features tell, and by how much latents lead: what the zoo's README shows. */
export function summaryMarkdown({ someQuestion, meanOfQuestions, questions, advantage }: Summary): string {
  const of = ({ count, of: total }: Share): string => `${count} of ${total} (${percent(count / total, 0)})`;
  const shares = table(['held-out AUROC ≥ 0.95', ...compared.map((name) => titles[name])], [
    ['variables, for some value', ...compared.map((name) => of(someQuestion[name]))],
    ['variables, mean over values', ...compared.map((name) => of(meanOfQuestions[name]))],
    ['questions', ...compared.map((name) => of(questions[name]))],
  ]);
  const others = compared.filter((name) => name !== 'latents');
  const leads = others.map((name) => `${titles[name]} ${signed(advantage[name].value)} [${signed(advantage[name].low)}, ${signed(advantage[name].high)}]`).join(', ');
  return `${shares}

Mean lead of latents in AUROC over variables [95 %, bootstrap over variables]: ${leads}.`;
}

export function reportMarkdown(model: string, tokens: number, summary: Summary, skipped: readonly Skipped[]): string {
  const { variables } = summary;
  const rows = variables.toSorted((a, b) => b.auroc.latents - a.auroc.latents).map((v) => [
    `\`${v.variable}\``,
    String(v.questions), String(v.reached.latents),
    ...compared.map((name) => v.auroc[name].toFixed(3)),
    v.f1.latents.toFixed(2), v.f1.neurons.toFixed(2),
    v.linear.toFixed(3),
    ...(['latents', 'neurons', 'principal'] as const).map((name) => countText(v.needed[name])),
    v.reselected.toFixed(2),
    v.p.toFixed(2),
    v.sites.map(shortName).join(' '),
  ]);
  const head = ['variable', 'values', `≥ ${reach}`, ...compared.map((name) => titles[name]), 'F1', 'F1 neurons', 'probe', 'k', 'k neurons', 'k PCA', 'shuffled', 'p', 'dictionary'];
  const missed = skipped.map(({ variable, question, positive, negative }) => `\`${variable}\` ${question} (${positive.selection}/${positive.heldOut} yes, ${negative.selection}/${negative.heldOut} no)`);
  return `### Ground truth of \`${model}\`

Feature, sign, threshold and hook point are chosen on ${grouped(tokens)} tokens of the validation split and scored on ${grouped(tokens)} tokens of the test split: combinations of entities, and templates except those of stories, that appear in neither training nor validation. Every representation may use its best hook point.

${summaryMarkdown(summary)}

${table(head, rows)}

AUROC and F1 are means over a variable's values, each against the others among the tokens that have the variable; *values* counts them and *≥ ${reach}* those that some latent reaches. *probe*: AUROC of a linear probe on the hook point. *k*: features whose probe reaches 95 % of that above chance (median; ∞: more than 64). *shuffled*: the best latent when labels are shuffled within contexts before choosing; where a label hardly varies within a context that is above 0.5. *p*: the largest of the values' p-values by 99 shuffles. Intervals of every question are in \`ground_truth.json\`.

Too rare to score (fewer than ${fewest} tokens with or without it in either text, selection/held-out): ${missed.length === 0 ? 'none' : missed.join('; ')}.
`;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}

function countText(count: number): string {
  return Number.isFinite(count) ? String(count) : '∞';
}

/** blocks.2.hook_resid_post → 2; blocks.2.attn.hook_z → 2.z; blocks.2.hook_mlp_out → 2.mlp */
function shortName(id: string): string {
  const [, layer = '', rest = ''] = /^blocks\.(\d+)\.(.*)$/.exec(id) ?? [];
  if (rest === 'hook_resid_post') return layer;
  return `${layer}.${rest === 'attn.hook_z' ? 'z' : rest === 'hook_mlp_out' ? 'mlp' : rest}`;
}
