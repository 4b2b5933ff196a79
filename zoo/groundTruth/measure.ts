/** The ground-truth score of a model's autoencoders: every representation at every hook point, then the best of each. */
import { Random } from '../../src/engine/random.ts';
import type { Dictionary } from '../../src/engine/dictionaries/dictionary.ts';
import type { Model } from '../../src/engine/models/model.ts';
import type { Runtime } from '../../src/engine/runtime/runtime.ts';
import { countFeatures } from '../../src/semantic/groundTruth/featureCount.ts';
import { representationsOf } from '../../src/semantic/groundTruth/representations.ts';
import { scoreRepresentation } from '../../src/semantic/groundTruth/score.ts';
import type { QuestionScore, Scored } from '../../src/semantic/groundTruth/score.ts';
import { shuffledWithinContexts } from '../../src/semantic/groundTruth/shuffle.ts';
import type { LabelledText, LatentVariable } from '../../src/semantic/groundTruth/variables.ts';

/** What is compared. `control` are the latents of a dictionary of the same kind on the model as it was before training. */
export const compared = ['latents', 'neurons', 'principal', 'random', 'control'] as const;
export type Compared = (typeof compared)[number];

/** A dictionary with its control. */
export interface Site {
  /** Name of the dictionary, and so of the site. */
  readonly id: string;
  readonly neurons: string;
  readonly dictionary: Dictionary;
  readonly control: Dictionary;
}

export interface MeasureRequest {
  readonly model: Model;
  readonly untrained: Model;
  readonly runtime: Runtime;
  readonly sites: readonly Site[];
  readonly variables: readonly LatentVariable[];
  readonly selection: LabelledText;
  readonly heldOut: LabelledText;
  readonly resamples: number;
  readonly shuffles: number;
  readonly seed: number;
  readonly onProgress?: (what: string) => void;
}

/** One question at one site. */
export interface SiteAnswer {
  readonly variable: string;
  readonly question: string;
  readonly scores: Readonly<Record<Compared, QuestionScore>>;
  /** Held-out AUROC of the best latent when labels are shuffled within contexts in both texts before choosing. */
  readonly reselected: number;
}

/** One question, each representation at the site where it was best on the selection text. */
export interface Answer {
  readonly variable: string;
  readonly question: string;
  readonly scores: Readonly<Record<Compared, QuestionScore & { readonly site: string }>>;
  readonly reselected: number;
  /** Held-out AUROC of linear probes at the latents' site and, for the untrained model, at the control's. */
  readonly linear: { readonly trained: number; readonly untrained: number };
  /** Features that reach 95 % of the linear probe above chance; undefined where none of the numbers tried does. */
  readonly needed: Readonly<Record<Compared, number | undefined>>;
}

export interface Measured {
  readonly sites: readonly { readonly id: string; readonly answers: readonly SiteAnswer[] }[];
  readonly answers: readonly Answer[];
}

export async function measure(request: MeasureRequest): Promise<Measured> {
  const { sites, variables, onProgress } = request;
  const found: { site: Site; scored: Record<Compared, Scored>; reselected: Scored }[] = [];
  for (const site of sites) {
    onProgress?.(site.id);
    found.push({ site, ...(await scoreSite(request, site)) });
  }
  const measuredSites = found.map(({ site, scored, reselected }) => ({
    id: site.id,
    answers: variables.flatMap((variable) => variable.questions.map((question, q): SiteAnswer => ({
      variable: variable.name, question: question.name,
      scores: each((name) => scored[name].scores.get(variable.name)![q]!),
      reselected: reselected.scores.get(variable.name)![q]!.auroc.value,
    }))),
  }));
  const best = measuredSites[0]!.answers.map((_, at) => each((name) => {
    const auroc = (s: number): number => measuredSites[s]!.answers[at]!.scores[name].selectionAuroc;
    return measuredSites.reduce((chosen, _site, s) => (auroc(s) > auroc(chosen) ? s : chosen), 0);
  }));
  const counted = await countAll(request, found, best);
  return {
    sites: measuredSites,
    answers: best.map((chosen, at) => ({
      variable: measuredSites[0]!.answers[at]!.variable,
      question: measuredSites[0]!.answers[at]!.question,
      scores: each((name) => ({ ...measuredSites[chosen[name]]!.answers[at]!.scores[name], site: measuredSites[chosen[name]]!.id })),
      reselected: measuredSites[chosen.latents]!.answers[at]!.reselected,
      ...counted[at]!,
    })),
  };
}

async function scoreSite(request: MeasureRequest, site: Site): Promise<{ scored: Record<Compared, Scored>; reselected: Scored }> {
  const { shuffles, seed, selection, heldOut } = request;
  const { representations } = await trainedAt(request, site);
  const control = await untrainedAt(request, site);
  const score = (name: Compared): Scored => scoreRepresentation(
    name === 'control' ? control.representations.get('latents')! : representations.get(name)!,
    { ...request, shuffles: name === 'latents' ? shuffles : 0 },
  );
  const scored = each(score);
  const random = new Random(seed);
  const reselected = scoreRepresentation(representations.get('latents')!, {
    ...request, resamples: 0, shuffles: 0,
    selection: shuffledText(selection, random),
    heldOut: shuffledText(heldOut, random),
  });
  return { scored, reselected };
}

/** Numbers of features needed, site by site, since activations of one at a time are held. */
async function countAll(
  request: MeasureRequest, found: readonly { site: Site; scored: Record<Compared, Scored> }[], best: readonly Record<Compared, number>[],
): Promise<Pick<Answer, 'linear' | 'needed'>[]> {
  const { variables, selection, heldOut, seed, onProgress } = request;
  const questions = variables.flatMap((variable) => variable.questions.map((question) => ({ variable, question })));
  const counts = questions.map(() => ({ linear: { trained: Number.NaN, untrained: Number.NaN }, needed: each((): number | undefined => undefined) }));
  for (const [s, { site, scored }] of found.entries()) {
    onProgress?.(`probes at ${site.id}`);
    const trained = await trainedAt(request, site);
    const ofTrained = new Map([...trained.representations].map(([name, representation]) => [name, { ...representation, scan: scored[name as Compared].scan }]));
    const untrained = await untrainedAt(request, site);
    const ofUntrained = new Map([['control', { ...untrained.representations.get('latents')!, scan: scored.control.scan }]]);
    questions.forEach(({ variable, question }, at) => {
      const common = { variable, question, selection, heldOut, seed };
      const count = counts[at]!;
      if (best[at]!.latents === s) {
        const { linear, needed } = countFeatures({ ...common, hook: trained.hook, representations: ofTrained });
        count.linear.trained = linear;
        for (const [name, value] of needed) count.needed[name as Compared] = value;
      }
      if (best[at]!.control === s) {
        const { linear, needed } = countFeatures({ ...common, hook: untrained.hook, representations: ofUntrained });
        count.linear.untrained = linear;
        count.needed.control = needed.get('control');
      }
    });
  }
  return counts;
}

function trainedAt({ model, runtime, selection, heldOut, seed }: MeasureRequest, { dictionary, neurons }: Site): ReturnType<typeof representationsOf> {
  return representationsOf({ model, runtime, dictionary, neurons, controls: true, selection, heldOut, seed });
}

function untrainedAt({ untrained, runtime, selection, heldOut, seed }: MeasureRequest, { control }: Site): ReturnType<typeof representationsOf> {
  return representationsOf({ model: untrained, runtime, dictionary: control, selection, heldOut, seed });
}

function shuffledText(text: LabelledText, random: Random): LabelledText {
  const positions = text.contexts.dims[1]!;
  return { ...text, codes: new Map([...text.codes].map(([name, codes]) => [name, shuffledWithinContexts(codes, positions, random)])) };
}

function each<T>(value: (name: Compared) => T): Record<Compared, T> {
  return Object.fromEntries(compared.map((name) => [name, value(name)])) as Record<Compared, T>;
}
