/** What the attention tab asks for: patterns, head scores, composition, one score as pairs of features. No DOM. */
import type { AttentionPatterns, AttentionScores, CompositionScores, FeaturePairs } from '../../../src/protocol/methods/algorithmicResults.ts';
import type { DictionarySummary } from '../../../src/protocol/methods.ts';
import { Resource } from '../../shared/resource.ts';
import type { Inquiry } from '../inquiry.ts';

/** Values of attention beyond which only the chosen layer is asked for. */
const valuesAtOnce = 4_000_000;
const manyHeads = 32;

export class AttentionWork {
  readonly patterns: Resource<AttentionPatterns>;
  readonly scores: Resource<AttentionScores>;
  readonly composition: Resource<CompositionScores>;
  readonly pairs: Resource<FeaturePairs>;
  private readonly inquiry: Inquiry;
  private asked = false;

  constructor(inquiry: Inquiry) {
    this.inquiry = inquiry;
    this.patterns = new Resource<AttentionPatterns>(inquiry);
    this.scores = new Resource<AttentionScores>(inquiry);
    this.composition = new Resource<CompositionScores>(inquiry);
    this.pairs = new Resource<FeaturePairs>(inquiry);
    inquiry.onQuestion(() => this.reset());
  }

  get layers(): number {
    return this.inquiry.session.model?.layers ?? 0;
  }

  /** Whether all heads are too many values for this prompt; where the number of heads is not known, whether many would be. */
  get byLayer(): boolean {
    return this.layers * (this.inquiry.session.model?.heads ?? manyHeads) * this.inquiry.tokens.length ** 2 > valuesAtOnce;
  }

  ensure(): void {
    if (this.asked || this.inquiry.suggestions.state.kind !== 'ready') return;
    this.asked = true;
    void this.runPatterns();
  }

  async runPatterns(): Promise<void> {
    const { session, question, place, modelKey } = this.inquiry;
    const { layer, weighting } = place.attention;
    const params = { model: modelKey, text: question.text, weighting, ...(this.byLayer ? { layer: Math.min(layer, Math.max(0, this.layers - 1)) } : {}) };
    await this.patterns.load((signal, onProgress) => session.channel.call('attention.patterns', params, { signal, onProgress }), { keep: true });
  }

  chooseWeighting(weighting: 'pattern' | 'value-weighted'): void {
    this.inquiry.choose('attention', { weighting });
    void this.runPatterns();
  }

  chooseHead(layer: number, head: number): void {
    const other = layer !== this.inquiry.place.attention.layer;
    this.inquiry.choose('attention', { layer, head });
    this.pairs.reset();
    if (other && this.byLayer) void this.runPatterns();
  }

  async runScores(): Promise<void> {
    const { session, question, modelKey } = this.inquiry;
    await this.scores.load((signal, onProgress) => session.channel.call('attention.scores', { model: modelKey, ...(question.text === '' ? {} : { text: question.text }) }, { signal, onProgress }), { keep: true });
  }

  async runComposition(): Promise<void> {
    const { session, place, modelKey } = this.inquiry;
    await this.composition.load((signal, onProgress) => session.channel.call('attention.composition', { model: modelKey, kind: place.attention.composition }, { signal, onProgress }), { keep: true });
  }

  async runPairs(query: number, key: number): Promise<void> {
    const { session, question, place, modelKey } = this.inquiry;
    const { dictionary } = this.pairsDictionary ?? {};
    if (dictionary === undefined) return;
    const { layer, head } = place.attention;
    await this.pairs.load((signal) => session.channel.call('attention.featurePairs', { model: modelKey, text: question.text, layer, head, query, key, dictionary }, { signal }));
  }

  /** An autoencoder of the stream that the chosen layer reads: the open one, or else another of the model. */
  get pairsDictionary(): DictionarySummary | undefined {
    const { session, place: { attention: { layer } } } = this.inquiry;
    const read = [`blocks.${layer}.hook_resid_pre`, `blocks.${layer - 1}.hook_resid_post`];
    const fits = ({ kind, hook }: DictionarySummary): boolean => kind === 'sae' && read.includes(hook);
    return session.dictionary !== undefined && fits(session.dictionary) ? session.dictionary : session.model?.dictionaries.find(fits);
  }

  private reset(): void {
    this.asked = false;
    for (const resource of [this.patterns, this.scores, this.composition, this.pairs]) resource.reset();
  }
}
