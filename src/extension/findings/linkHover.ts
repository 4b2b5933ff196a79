/** What a hover says of a link: identity, the findings about it, the number as recorded and, where its model is open, as it is now. */
import { MarkdownString, Uri, l10n } from 'vscode';
import type { CancellationToken, TextDocument } from 'vscode';
import type { Link } from '../../notes/links.ts';
import type { Evidence } from '../../notes/format/schema.ts';
import type { FindingEntry } from '../../notes/noteIndex.ts';
import { pictureUri } from '../../notes/share/pictures.ts';
import { describeTarget, formatLink } from '../../notes/subjects.ts';
import type { LinkTarget } from '../../notes/subjects.ts';
import { commandIds } from '../commandIds.ts';
import { PeerError } from '../../protocol/peer.ts';
import { failureText } from '../../protocol/failureText.ts';
import type { OpenModels } from '../models/openModels.ts';
import type { EnginePort } from '../process/enginePort.ts';
import type { FindingNotes } from './findingNotes.ts';
import { withSignal } from '../withSignal.ts';
import { badgeOf, stateName } from './words.ts';

const mostListed = 5;
const longestParagraph = 2000;
/** A hover is cut after 100,000 characters. */
const longestPicture = 80_000;

export class LinkHover {
  private readonly notes: FindingNotes;
  private readonly models: OpenModels;
  private readonly engine: EnginePort;
  private readonly report: (problem: string) => void;

  constructor(notes: FindingNotes, models: OpenModels, engine: EnginePort, report: (problem: string) => void) {
    this.notes = notes;
    this.models = models;
    this.engine = engine;
    this.report = report;
  }

  async content(target: LinkTarget, document: TextDocument, link: Link, cancel: CancellationToken): Promise<MarkdownString> {
    const text = new MarkdownString(undefined, true);
    text.isTrusted = { enabledCommands: [commandIds.openLink, commandIds.verifyFinding] };
    text.appendText(describeTarget(target, l10n.t));
    if (target.kind === 'finding') this.addFinding(text, target.id, target.evidence);
    else {
      const live = await this.live(target, document, link, cancel);
      if (live !== undefined) line(text, live);
      const about = this.notes.index.findingsAbout(formatLink(target));
      for (const entry of about.slice(0, mostListed)) {
        text.appendMarkdown('\n\n');
        text.appendText(`${entry.finding.title} (${badgeOf(entry, l10n.t)})`);
      }
      if (about.length > mostListed) line(text, l10n.t('and {0} more findings', about.length - mostListed));
    }
    text.appendMarkdown(`\n\n[${l10n.t('Open')}](command:${commandIds.openLink}?${encodeURIComponent(JSON.stringify([formatLink(target)]))})`);
    return text;
  }

  private addFinding(text: MarkdownString, id: string, evidence: string | undefined): void {
    const [entry] = this.notes.index.findingsOf(id);
    if (entry === undefined) {
      line(text, l10n.t('No note of this workspace is this finding.'));
      return;
    }
    line(text, entry.finding.title);
    line(text, entry.finding.claim);
    line(text, badgeOf(entry, l10n.t));
    this.addPicture(text, entry, evidence);
    for (const record of entry.finding.evidence.filter((each) => evidence === undefined || each.id === evidence).slice(0, mostListed)) {
      const control = record.control === undefined ? '' : ` (${record.control.name}: ${short(record.control.value)})`;
      line(text, `${record.id} ${record.metric}: ${short(record.value)}${control} · ${last(record)}`);
    }
    text.appendMarkdown(`\n\n[${l10n.t('Run again')}](command:${commandIds.verifyFinding}?${encodeURIComponent(JSON.stringify([{ path: entry.path }]))})`);
  }

  /** The figure of the record, or of the first that has one. */
  private addPicture(text: MarkdownString, { path, finding }: FindingEntry, evidence: string | undefined): void {
    const note = Uri.parse(path);
    const artefact = finding.evidence.find((record) => record.artefact !== undefined && (evidence === undefined || record.id === evidence))?.artefact;
    const picture = artefact === undefined || note.scheme !== 'file' ? undefined : pictureUri(note.fsPath, artefact);
    if (picture !== undefined && picture.length <= longestPicture) text.appendMarkdown(`\n\n![](${picture}|width=320)`);
  }

  /** The feature's activation in the paragraph around the link, if its model is open in an engine that runs; nothing is opened for a hover, and nothing else of it is lost when this fails. */
  private async live(target: LinkTarget, document: TextDocument, link: Link, cancel: CancellationToken): Promise<string | undefined> {
    if (target.kind !== 'feature' || this.engine.condition.kind !== 'ready') return undefined;
    const model = this.models.all.find(({ id }) => id === target.model);
    const dictionary = model?.dictionaries.find(({ id }) => id === target.dictionary);
    if (model === undefined || dictionary === undefined || target.index >= dictionary.latents) return undefined;
    try {
      const { values } = await withSignal(cancel, (signal) => this.engine.call('text.paint', { model: model.model, text: paragraphAt(document, link.start), by: { kind: 'feature', dictionary: dictionary.dictionary, feature: target.index } }, { signal }), 'the pointer has moved');
      return l10n.t('In this paragraph it reaches {0}.', short(values.reduce((a, b) => Math.max(a, b), 0)));
    } catch (error) {
      if (!PeerError.is(error, 'cancelled')) this.report(`hover over a link: ${failureText(error)}`);
      return undefined;
    }
  }
}

function paragraphAt(document: TextDocument, offset: number): string {
  const text = document.getText();
  const start = Math.max(text.lastIndexOf('\n\n', offset) + 2, offset - longestParagraph, 0);
  const end = text.indexOf('\n\n', offset);
  return text.slice(start, Math.min(end < 0 ? text.length : end, offset + longestParagraph)).replaceAll(/\(mechanist:[^)\s]*\)|[[\]]/g, '');
}

function last({ history }: Evidence): string {
  const state = history.at(-1)?.state;
  return state === undefined ? l10n.t('not run again yet') : stateName(state, l10n.t);
}

function line(text: MarkdownString, words: string): void {
  text.appendMarkdown('\n\n');
  text.appendText(words);
}

export function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
