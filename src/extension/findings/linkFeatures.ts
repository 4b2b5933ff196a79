/** Links to subjects and findings in Markdown: opening, definition, references, rename, completion, hover, folding of the front matter. */
import { CompletionItem, CompletionItemKind, DocumentLink, FoldingRange, FoldingRangeKind, Hover, Location, Range, Uri, WorkspaceEdit, l10n, languages, workspace } from 'vscode';
import type { CancellationToken, CompletionContext, Position, TextDocument } from 'vscode';
import { retarget, setField } from '../../notes/edits.ts';
import { nearest } from '../../notes/format/yamlTree.ts';
import { linkAt } from '../../notes/links.ts';
import type { Link } from '../../notes/links.ts';
import { readNote } from '../../notes/note.ts';
import { describeTarget, formatLink, parseLink, scheme } from '../../notes/subjects.ts';
import type { LinkTarget } from '../../notes/subjects.ts';
import { commandIds } from '../commandIds.ts';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import { rangeOf } from '../editor/documents.ts';
import type { OpenModels } from '../models/openModels.ts';
import type { FindingNotes } from './findingNotes.ts';
import { addEdits } from './noteDocuments.ts';
import type { LinkHover } from './linkHover.ts';

const markdown = { language: 'markdown' };
/** What is offered first: findings, what notes name already, dictionaries, components. */
const order = [CompletionItemKind.Reference, CompletionItemKind.Value, CompletionItemKind.Module, CompletionItemKind.Field];

export function registerLinkFeatures(notes: FindingNotes, models: OpenModels, hover: LinkHover): Disposable {
  const owned = new Disposables();
  const features = new LinkFeatures(notes, models);
  owned.add(languages.registerDocumentLinkProvider(markdown, features));
  owned.add(languages.registerDefinitionProvider(markdown, features));
  owned.add(languages.registerReferenceProvider(markdown, features));
  owned.add(languages.registerRenameProvider(markdown, features));
  owned.add(languages.registerCompletionItemProvider(markdown, features, ':', '/'));
  owned.add(languages.registerFoldingRangeProvider(markdown, features));
  owned.add(languages.registerHoverProvider(markdown, {
    provideHover: async (document, position, cancel) => {
      const link = linkIn(notes, document, position);
      if (link?.target === undefined) return undefined;
      await notes.ready();
      const content = await hover.content(link.target, document, link, cancel);
      return cancel.isCancellationRequested ? undefined : new Hover(content, rangeOf(document, link.start, link.end));
    },
  }));
  return owned;
}

/** The link at a position of a document. */
function linkIn(notes: FindingNotes, document: TextDocument, position: Position): Link | undefined {
  return linkAt(notes.noteOf(document).links, document.offsetAt(position));
}

class LinkFeatures {
  private readonly notes: FindingNotes;
  private readonly models: OpenModels;

  constructor(notes: FindingNotes, models: OpenModels) {
    this.notes = notes;
    this.models = models;
  }

  provideDocumentLinks(document: TextDocument): DocumentLink[] {
    return this.notes.noteOf(document).links.flatMap(({ start, end, uri, target }) => {
      if (target === undefined) return [];
      const link = new DocumentLink(rangeOf(document, start, end), Uri.parse(`command:${commandIds.openLink}?${encodeURIComponent(JSON.stringify([uri]))}`));
      link.tooltip = describeTarget(target, l10n.t);
      return [link];
    });
  }

  /** Of a finding its note; of a subject the findings that are about it. */
  async provideDefinition(document: TextDocument, position: Position): Promise<Location[]> {
    const target = this.targetAt(document, position);
    if (target === undefined) return [];
    await this.notes.ready();
    const entries = target.kind === 'finding' ? this.notes.index.findingsOf(target.id) : this.notes.index.findingsAbout(formatLink(target)).filter(({ finding }) => finding.subjects.some((uri) => sameLink(uri, target)));
    return Promise.all(entries.map(async ({ path }) => {
      const found = await workspace.openTextDocument(Uri.parse(path));
      const { tree } = this.notes.noteOf(found);
      const { start, end } = tree === undefined ? { start: 0, end: 0 } : nearest(tree, target.kind === 'finding' && target.evidence !== undefined ? ['evidence', this.recordIndex(path, target.evidence), 'id'] : ['title']);
      return new Location(found.uri, rangeOf(found, start, end));
    }));
  }

  async provideReferences(document: TextDocument, position: Position): Promise<Location[]> {
    const target = this.targetAt(document, position);
    if (target === undefined) return [];
    await this.notes.ready();
    this.notes.takeIn(document);
    const places = this.notes.index.referencesTo(formatLink(target));
    return Promise.all(places.map(async ({ path, start, end }) => {
      const found = await workspace.openTextDocument(Uri.parse(path));
      return new Location(found.uri, rangeOf(found, start, end));
    }));
  }

  prepareRename(document: TextDocument, position: Position): { range: Range; placeholder: string } {
    const link = linkIn(this.notes, document, position);
    if (link?.target !== undefined) return { range: rangeOf(document, link.start, link.end), placeholder: link.target.kind === 'finding' ? link.target.id : link.uri };
    const own = this.ownId(document, position);
    if (own === undefined) throw new Error(l10n.t('There is no subject or finding here to rename.'));
    return { range: rangeOf(document, own.start, own.end), placeholder: own.id };
  }

  /** Renames a finding by its id, or a subject by its link, wherever the workspace names it. */
  async provideRenameEdits(document: TextDocument, position: Position, name: string): Promise<WorkspaceEdit> {
    await this.notes.ready();
    this.notes.takeIn(document);
    const from = this.targetAt(document, position);
    if (from === undefined) throw new Error(l10n.t('There is no subject or finding here to rename.'));
    const to: LinkTarget = from.kind === 'finding' ? { ...from, id: name } : parseLink(name);
    if (from.kind === 'finding' && !/^[A-Za-z0-9][\w.-]{0,79}$/.test(name)) throw new Error(l10n.t('An id has letters, digits, ".", "_" and "-", at most 80.'));
    if (from.kind !== 'finding' && to.kind !== from.kind) throw new Error(l10n.t('A subject is renamed to one of its own kind.'));
    const edit = new WorkspaceEdit();
    const paths = new Set(this.notes.index.referencesTo(formatLink(from)).map(({ path }) => path));
    if (from.kind === 'finding') {
      for (const { path } of this.notes.index.findingsOf(from.id)) paths.add(path);
      for (const { path, finding } of this.notes.index.findings()) if (finding.related.includes(from.id)) paths.add(path);
    }
    for (const path of paths) {
      const found = await workspace.openTextDocument(Uri.parse(path));
      const note = readNote(found.getText());
      const edits = from.kind === 'finding' && to.kind === 'finding' ? renameFinding(note, from.id, to.id) : retarget(note, from, to);
      addEdits(edit, found, edits);
    }
    return edit;
  }

  async provideCompletionItems(document: TextDocument, position: Position, _cancel: CancellationToken, _context: CompletionContext): Promise<CompletionItem[]> {
    const before = document.lineAt(position).text.slice(0, position.character);
    const typed = /mechanist:[^\s()<>"'[\]]*$/.exec(before)?.[0];
    if (typed === undefined) return [];
    await this.notes.ready();
    const range = new Range(position.translate(0, -typed.length), position);
    const item = (uri: string, detail: string, kind: CompletionItemKind): CompletionItem => {
      const completion = new CompletionItem({ label: uri.slice(scheme.length), description: detail }, kind);
      completion.insertText = uri;
      completion.filterText = uri;
      completion.range = range;
      completion.sortText = `${order.indexOf(kind)}${uri}`;
      return completion;
    };
    const { index } = this.notes;
    const findings = index.findings().map(({ finding }) => item(formatLink({ kind: 'finding', id: finding.id }), finding.title, CompletionItemKind.Reference));
    const known = [...index.targets()].filter(([uri]) => !uri.startsWith(`${scheme}finding/`)).map(([uri, places]) => item(uri, l10n.t('named in {0} places', places), CompletionItemKind.Value));
    const open = this.models.all.flatMap((model) => [
      ...model.dictionaries.map(({ id, latents }) => item(`${formatLink({ kind: 'feature', model: model.id, dictionary: id, index: 0 }).replace(/0$/, '')}`, l10n.t('{0} features', latents), CompletionItemKind.Module)),
      ...model.hookPoints.filter((hook) => /\.(?:attn\.hook_z|hook_mlp_out|hook_resid_post|mlp\.hook_post)$/.test(hook)).map((hook) => item(formatLink({ kind: 'component', model: model.id, hook }), model.id, CompletionItemKind.Field)),
    ]);
    return [...findings, ...known, ...open];
  }

  /** The front matter folds to its first line. */
  provideFoldingRanges(document: TextDocument): FoldingRange[] {
    const { frontMatter, tree } = this.notes.noteOf(document);
    if (frontMatter === undefined || tree === undefined) return [];
    return [new FoldingRange(document.positionAt(frontMatter.start).line, document.positionAt(Math.max(frontMatter.yamlStart, frontMatter.bodyStart - 1)).line, FoldingRangeKind.Region)];
  }

  /** What a position names: a link, or the finding itself where its id stands. */
  private targetAt(document: TextDocument, position: Position): LinkTarget | undefined {
    const own = this.ownId(document, position);
    return linkIn(this.notes, document, position)?.target ?? (own === undefined ? undefined : { kind: 'finding', id: own.id });
  }

  private ownId(document: TextDocument, position: Position): { id: string; start: number; end: number } | undefined {
    const { tree, finding } = this.notes.noteOf(document);
    const entry = tree?.entries.get('id');
    const offset = document.offsetAt(position);
    if (entry === undefined || finding === undefined || offset < entry.key.start || offset > entry.value.end) return undefined;
    return { id: finding.id, start: entry.value.start, end: entry.value.end };
  }

  private recordIndex(path: string, evidence: string): number {
    return this.notes.index.at(path)?.finding.evidence.findIndex(({ id }) => id === evidence) ?? 0;
  }
}

function renameFinding(note: ReturnType<typeof readNote>, from: string, to: string): ReturnType<typeof retarget> {
  const records = new Set(note.links.flatMap(({ target }) => (target?.kind === 'finding' && target.id === from && target.evidence !== undefined ? [target.evidence] : [])));
  return [
    ...retarget(note, { kind: 'finding', id: from }, { kind: 'finding', id: to }),
    ...[...records].flatMap((evidence) => note.links.filter(({ uri }) => sameLink(uri, { kind: 'finding', id: from, evidence })).map(({ start, end }) => ({ start, end, text: formatLink({ kind: 'finding', id: to, evidence }) }))),
    ...(note.finding?.id === from ? setField(note, 'id', to) : []),
  ];
}

function sameLink(uri: string, target: LinkTarget): boolean {
  return formatLink(parseLink(uri)) === formatLink(target);
}
