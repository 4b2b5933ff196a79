/** The prompt-pair file of a question: reading it, moving from pair to pair, a pair under the cursor of the editor. No DOM. */
import type { PairFile } from '../../../src/protocol/methods/algorithmicResults.ts';
import { Resource } from '../../shared/resource.ts';
import { t } from '../../shared/strings.ts';
import type { Inquiry } from '../inquiry.ts';

export class Pairs {
  readonly file: Resource<PairFile>;
  private readonly inquiry: Inquiry;

  constructor(inquiry: Inquiry) {
    this.inquiry = inquiry;
    this.file = new Resource<PairFile>(inquiry);
  }

  /** Lets the user choose a file, and asks its first pair. */
  async choose(): Promise<void> {
    const [path] = await this.inquiry.session.channel.ask('panel.pick', { what: 'file', title: t('Prompt pairs'), extensions: ['jsonl'] });
    if (path !== undefined) await this.open(path);
  }

  async open(path: string): Promise<void> {
    await this.read(path);
    const first = this.file.value?.pairs[0];
    if (first !== undefined) await this.show(path, 0);
  }

  /** Reads the file again that the question remembers. */
  async read(path: string): Promise<void> {
    const { session, modelKey } = this.inquiry;
    await this.file.load((signal) => session.channel.call('pairs.read', { model: modelKey, source: { kind: 'file', path } }, { signal }), { keep: true });
    this.inquiry.pairLines = this.file.value?.pairs ?? [];
  }

  /** Index of the pair that the question is. */
  get current(): number {
    const { text, corrupted } = this.inquiry.question;
    return this.file.value?.pairs.findIndex((pair) => pair.clean === text && pair.corrupted === corrupted) ?? -1;
  }

  async show(path: string, index: number): Promise<void> {
    const pairs = this.file.value?.pairs ?? [];
    const pair = pairs[index];
    if (pair === undefined) return;
    const [answer, distractor] = [pair.answers[0], pair.distractors[0]];
    const all = this.inquiry.question.pairs?.all ?? false;
    await this.inquiry.ask(
      { clean: pair.clean, corrupted: pair.corrupted, ...(answer === undefined ? {} : { answer }), ...(distractor === undefined ? {} : { distractor }) },
      { path, count: pairs.length, all },
    );
  }

  /** What is selected in the editor: a prompt, or a line of a pair file. Answers what is wrong with it, if anything is. */
  async fromEditor(): Promise<string | undefined> {
    const { inquiry } = this;
    const { selection } = inquiry.session;
    if (selection === undefined || selection.text.trim() === '') return t('Nothing is selected in the editor. Select a prompt, or put the cursor on its line.');
    if (!/\.jsonl(?:$|[?#])/.test(selection.document)) {
      await inquiry.ask({ clean: selection.text.replace(/\r?\n$/, '') });
      return undefined;
    }
    const { pairs, diagnostics } = await inquiry.session.channel.call('pairs.read', { model: inquiry.modelKey, source: { kind: 'text', text: selection.text } });
    const [pair] = pairs;
    if (pair === undefined) return diagnostics[0]?.message ?? t('There is no prompt pair on this line.');
    const [answer, distractor] = [pair.answers[0], pair.distractors[0]];
    const file = fileOf(selection.document);
    await inquiry.ask({
      clean: pair.clean, corrupted: pair.corrupted, ...(answer === undefined ? {} : { answer }), ...(distractor === undefined ? {} : { distractor }), ...(file === undefined ? {} : { file }),
    });
    if (file !== undefined) await this.read(file);
    return undefined;
  }
}

/** Path of a document on disk; undefined for others. */
export function fileOf(document: string): string | undefined {
  const found = /^(?:file|vscode-remote):\/\/[^/]*(\/.*)$/.exec(document)?.[1];
  return found === undefined ? undefined : decodeURIComponent(found).replace(/^\/([a-z]:)/i, '$1');
}
