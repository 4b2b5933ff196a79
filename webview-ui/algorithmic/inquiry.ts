/**
 * The panel's state: the question, what the engine suggests for it, the choices of every tab. Tabs keep their results in
 * controllers of their own, which hear from here when the question is another one. No DOM.
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { MetricKind } from './question/question.ts';
import { failureText } from '../../src/protocol/failureText.ts';
import type { Params } from '../../src/protocol/methods.ts';
import type { PairFile, PromptToken, QuestionSuggestions } from '../../src/protocol/methods/algorithmicResults.ts';
import type { PanelParams } from '../../src/protocol/views/panel.ts';
import type { AskedQuestion } from '../../src/protocol/views/algorithmic.ts';
import { Resource } from '../shared/resource.ts';
import type { Session } from '../shared/session.ts';
import { t } from '../shared/strings.ts';
import { readPlace } from './place.ts';
import type { Place } from './place.ts';
import { align, answerAmong, emptyQuestion, ownTokens, questionTitle, sameQuestion } from './question/question.ts';
import type { Alignment, Answer, PairSet, Question } from './question/question.ts';

type Slice = Exclude<keyof Place, 'version' | 'tab' | 'question'>;
type Role = 'target' | 'distractor';

/** Milliseconds after the last key before a typed prompt is run. */
const typingPause = 400;

export class Inquiry implements ReactiveControllerHost {
  readonly session: Session;
  place: Place;
  readonly suggestions = new Resource<QuestionSuggestions>(this);
  /** Tokens of the corrupted prompt. */
  readonly corrupted = new Resource<readonly PromptToken[]>(this);
  /** What a person should know about the answers: one that is several tokens, one that is not in the vocabulary. */
  remark: string | undefined;
  /** Pairs of the question's file, for findings; empty without one. */
  pairLines: PairFile['pairs'] = [];
  /** What became of the last pin. */
  pinned: { readonly ok: boolean; readonly message: string } | undefined;
  private readonly watchers = new Set<() => void>();
  private readonly resets = new Set<() => void>();
  private readonly modelResets = new Set<() => void>();
  private typing: ReturnType<typeof setTimeout> | undefined;
  private model: string | undefined;

  constructor(session: Session) {
    this.session = session;
    this.place = readPlace(session.readPlace());
    session.watch(() => this.follow());
    this.follow();
  }

  get question(): Question {
    return { ...emptyQuestion, ...this.place.question };
  }

  get tokens(): readonly PromptToken[] {
    return this.suggestions.value?.tokens ?? [];
  }

  /** Undefined until both prompts are read. */
  get alignment(): Alignment | undefined {
    const other = this.corrupted.value;
    return other === undefined || this.tokens.length === 0 ? undefined : align(this.tokens, other);
  }

  /** The model's key. Only asked for where one is open. */
  get modelKey(): string {
    return this.session.context.model!;
  }

  watch(changed: () => void): () => void {
    this.watchers.add(changed);
    return () => this.watchers.delete(changed);
  }

  /** Calls when the question or the model is another one, before anything is drawn. */
  onQuestion(reset: () => void): void {
    this.resets.add(reset);
  }

  /** Calls when another model comes after the first, or none. */
  onModel(reset: () => void): void {
    this.modelResets.add(reset);
  }

  choose<S extends Slice>(slice: S, change: Partial<Place[S]>): void {
    this.keep({ ...this.place, [slice]: { ...this.place[slice], ...change } });
  }

  showTab(tab: Place['tab']): void {
    this.keep({ ...this.place, tab });
  }

  /** A prompt as it is typed: it is run when the typing pauses. */
  type(text: string): void {
    this.change({ ...emptyQuestion, text, metric: this.question.metric });
    clearTimeout(this.typing);
    this.typing = setTimeout(() => void this.suggest(), typingPause);
  }

  typeCorrupted(corrupted: string): void {
    this.change({ ...this.question, corrupted });
    clearTimeout(this.typing);
    this.typing = setTimeout(() => void this.readCorrupted(), typingPause);
  }

  /** A whole question from elsewhere: a command, the editor, a line of a file. */
  async ask({ clean, corrupted = '', answer, distractor, file }: AskedQuestion, pairs?: PairSet): Promise<void> {
    clearTimeout(this.typing);
    this.change({ ...emptyQuestion, text: clean, corrupted, metric: 'logit_diff', pairs: pairs ?? (file === undefined ? undefined : { path: file, count: 0, all: false }) });
    await this.suggest();
    if (answer !== undefined) await this.answer('target', answer);
    if (distractor !== undefined) await this.answer('distractor', distractor);
  }

  /** Takes a text as one of the answers. */
  async answer(role: Role, text: string): Promise<void> {
    const known = answerAmong(this.suggestions.value?.predictions ?? [], text);
    this.remark = undefined;
    if (known !== undefined) {
      await this.setAnswer(role, known);
      return;
    }
    const { tokens } = await this.session.channel.call('question.suggest', { model: this.modelKey, text, predictions: 1, edits: 1 });
    const own = ownTokens(tokens, text);
    const [first] = own;
    if (first === undefined) return;
    if (own.length > 1) this.remark = t('“{0}” is {1} tokens for this model; what is measured is its first, “{2}”.', text, own.length, first.text);
    await this.setAnswer(role, { token: first.text, id: first.id });
  }

  /** A new target brings other distractors and corrupted prompts. */
  async setAnswer(role: Role, answer: Answer): Promise<void> {
    this.change({ ...this.question, [role]: answer });
    if (role === 'target') await this.suggest(true);
  }

  setMetric(metric: MetricKind): void {
    this.change({ ...this.question, metric });
  }

  setPairs(pairs: PairSet | undefined): void {
    this.change({ ...this.question, pairs });
  }

  async setCorrupted(corrupted: string): Promise<void> {
    this.change({ ...this.question, corrupted });
    await this.readCorrupted();
  }

  /** Asks for predictions and prompts to compare with, and fills in the answers that are missing. */
  async suggest(keep = false): Promise<void> {
    const { text, target } = this.question;
    if (this.session.model === undefined) return;
    if (text === '') {
      this.suggestions.reset();
      return;
    }
    const params: Params<'question.suggest'> = { model: this.modelKey, text, predictions: 20, ...(target === undefined ? {} : { target: target.id }) };
    await this.suggestions.load((signal) => this.session.channel.call('question.suggest', params, { signal }), { keep });
    const found = this.suggestions.state.kind === 'ready' ? this.suggestions.state.value : undefined;
    if (found === undefined || this.question.text !== text) return;
    const chosen = target ?? { token: found.target.token, id: found.target.id };
    const first = found.distractors.find(({ id }) => id !== chosen.id);
    const { distractor = first === undefined ? undefined : { token: first.token, id: first.id } } = this.question;
    this.change({ ...this.question, target: chosen, distractor: distractor?.id === chosen.id && first !== undefined ? { token: first.token, id: first.id } : distractor });
    if (this.question.corrupted !== '' && this.corrupted.state.kind !== 'ready') await this.readCorrupted();
  }

  /** Puts evidence into a finding; what became of it is said in the page, nothing when the user thought better of it. */
  pin(evidence: PanelParams<'panel.pin'> | Promise<PanelParams<'panel.pin'>>): void {
    const told = (pinned: Inquiry['pinned']): void => {
      this.pinned = pinned;
      this.requestUpdate();
    };
    Promise.resolve(evidence).then((pinned) => this.session.channel.ask('panel.pin', pinned)).then((done) => told(done ? { ok: true, message: t('Pinned to a finding.') } : undefined), (error: unknown) => told({ ok: false, message: failureText(error) }));
  }

  addController(_controller: ReactiveController): void {
    // Resources need nothing of a page's life here.
  }

  removeController(_controller: ReactiveController): void {
    // As above.
  }

  requestUpdate(): void {
    for (const changed of this.watchers) changed();
  }

  get updateComplete(): Promise<boolean> {
    return Promise.resolve(true);
  }

  private async readCorrupted(): Promise<void> {
    const { corrupted } = this.question;
    if (corrupted === '' || this.session.model === undefined) {
      this.corrupted.reset();
      return;
    }
    await this.corrupted.load(async (signal) => (await this.session.channel.call('question.suggest', { model: this.modelKey, text: corrupted, predictions: 1, edits: 1 }, { signal })).tokens);
  }

  /** Another model reads another question: its tokens have other ids. */
  private follow(): void {
    const { model } = this.session.context;
    if (model !== this.model) {
      const first = this.model === undefined;
      this.model = model;
      if (!first) for (const reset of this.modelResets) reset();
      if (model !== undefined && this.question.text !== '') {
        if (!first) this.keep({ ...this.place, question: { ...this.question, target: undefined, distractor: undefined } });
        for (const reset of this.resets) reset();
        this.corrupted.reset();
        void this.suggest();
      }
    }
    this.requestUpdate();
  }

  private change(question: Question): void {
    const before = this.question;
    this.keep({ ...this.place, question });
    if (sameQuestion(before, question)) return;
    if (before.corrupted !== question.corrupted) this.corrupted.reset();
    if (before.text !== question.text) this.remark = undefined;
    for (const reset of this.resets) reset();
    this.session.about(questionTitle(question), undefined);
  }

  private keep(place: Place): void {
    this.place = place;
    this.session.keepPlace(place);
    this.requestUpdate();
  }
}
