/** The commands of findings. Arguments come from menus, links and other extensions, so each is checked. */
import { Uri, commands, env, l10n, window, workspace } from 'vscode';
import * as v from 'valibot';
import { readNote } from '../../notes/note.ts';
import { citation } from '../../notes/share/citation.ts';
import { shareFolder, shareHtml } from '../../notes/share/files.ts';
import { linkTarget } from '../../notes/subjects.ts';
import { commandIds, viewIds } from '../commandIds.ts';
import { figureOfEvidence } from './figures.ts';
import type { Findings } from './findings.ts';
import { groupings } from './grouping.ts';
import { explainGrade } from './explainGrade.ts';
import { runMissingCheck } from './missingCheck.ts';
import { requireTrust, showAt } from './noteDocuments.ts';
import { parsePinDraft, pin } from './pin.ts';
import { pinAtCursor } from './pinSources.ts';

type Handler = (argument: unknown) => unknown;

const placeSchema = v.object({ path: v.string(), evidence: v.optional(v.string()) });
const checkSchema = v.object({ path: v.string(), method: v.pipe(v.string(), v.regex(/^[a-z][\w.]{1,80}$/)), subject: v.pipe(v.string(), v.startsWith('mechanist:')) });
const nodeSchema = v.object({ kind: v.literal('finding'), entry: v.object({ path: v.string() }) });

export function findingCommands(findings: Findings): Record<(typeof ids)[number], Handler> {
  const { notes, verifier, tree, map, comparisons, engine, inspector } = findings;
  return {
    [commandIds.openFinding]: async (argument) => {
      const path = await pathOf(findings, argument);
      if (path !== undefined) await showAt(Uri.parse(path));
    },
    [commandIds.openLink]: (argument) => openLink(findings, argument),
    [commandIds.pinFinding]: async (argument) => {
      if (argument === undefined) {
        const { draft, figure } = await pinAtCursor(engine, inspector);
        return pin(notes, draft, { figure });
      }
      const draft = parsePinDraft(argument);
      return pin(notes, draft, { figure: figureOfEvidence(draft.title ?? draft.claim ?? l10n.t('What was measured'), draft.evidence) });
    },
    [commandIds.verifyFinding]: async (argument) => {
      const path = await pathOf(findings, argument);
      const place = v.safeParse(placeSchema, argument);
      if (path !== undefined) await verifier.verify([path], place.success && place.output.evidence !== undefined ? new Set([place.output.evidence]) : undefined);
    },
    [commandIds.verifyFindings]: async () => {
      await notes.ready();
      await verifier.verify(notes.index.findings().map(({ path }) => path));
    },
    [commandIds.checkFinding]: async (argument) => {
      const { path, method, subject } = v.parse(checkSchema, argument);
      await notes.ready();
      if (notes.index.at(path) !== undefined) await runMissingCheck(engine, notes, path, method, subject);
    },
    [commandIds.compareFinding]: async (argument) => {
      const path = await pathOf(findings, argument);
      if (path !== undefined) await comparisons.show(path);
    },
    [commandIds.explainFinding]: async (argument) => {
      const path = await pathOf(findings, argument);
      if (path !== undefined) await explainGrade(notes, path);
    },
    [commandIds.groupFindings]: async () => {
      const chosen = await window.showQuickPick(groupings.map((grouping) => ({ label: groupingName(grouping), grouping })), { title: l10n.t('Group findings by') });
      if (chosen !== undefined) tree.show({ grouping: chosen.grouping });
    },
    [commandIds.searchFindings]: async () => {
      const words = await window.showInputBox({ title: l10n.t('Search findings'), prompt: l10n.t('Words of title, claim or subjects; empty shows all'), value: tree.words ?? '' });
      if (words === undefined) return;
      tree.show({ filter: words.trim() === '' ? {} : { words } });
      await commands.executeCommand(`${viewIds.findings}.focus`);
    },
    [commandIds.mapFindings]: () => map.show(),
    [commandIds.shareFinding]: async (argument) => {
      const path = await pathOf(findings, argument);
      if (path !== undefined) await share(Uri.parse(path));
    },
    [commandIds.citeFinding]: async (argument) => {
      const path = await pathOf(findings, argument);
      const entry = path === undefined ? undefined : notes.index.at(path);
      if (entry === undefined) return;
      await env.clipboard.writeText(citation(entry.finding));
      void window.setStatusBarMessage(l10n.t('The citation is in the clipboard.'), 4000);
    },
  };
}

const ids = [
  commandIds.openFinding, commandIds.openLink, commandIds.pinFinding, commandIds.verifyFinding, commandIds.verifyFindings, commandIds.checkFinding, commandIds.compareFinding,
  commandIds.explainFinding, commandIds.groupFindings, commandIds.searchFindings, commandIds.mapFindings, commandIds.shareFinding, commandIds.citeFinding,
] as const;

/** The note that a menu, a link or the palette means: a known finding, or the one in the active editor, or one that is asked for. */
async function pathOf({ notes }: Findings, argument: unknown): Promise<string | undefined> {
  await notes.ready();
  const [place, node] = [v.safeParse(placeSchema, argument), v.safeParse(nodeSchema, argument)];
  const given = place.success ? place.output.path : node.success ? node.output.entry.path : argument instanceof Uri ? argument.toString() : undefined;
  if (given !== undefined) return notes.index.at(given) === undefined ? undefined : given;
  const document = window.activeTextEditor?.document;
  if (document !== undefined) notes.takeIn(document);
  const active = document?.uri.toString();
  if (active !== undefined && notes.index.at(active) !== undefined) return active;
  const chosen = await window.showQuickPick(notes.index.findings().map(({ path, finding }) => ({ label: finding.title, description: workspace.asRelativePath(Uri.parse(path)), path })), { title: l10n.t('Finding') });
  return chosen?.path;
}

/** A finding opens its note, a subject its view. */
async function openLink({ notes }: Findings, argument: unknown): Promise<void> {
  const target = typeof argument === 'string' ? linkTarget(argument) : undefined;
  if (target === undefined || typeof argument !== 'string') throw new Error(l10n.t('This is not a link to a subject or a finding.'));
  await notes.ready();
  if (target.kind !== 'finding') {
    await commands.executeCommand(commandIds.openSubject, { subject: argument, kind: kindFor(target) });
    return;
  }
  const [entry] = notes.index.findingsOf(target.id);
  if (entry === undefined) throw new Error(l10n.t('No note of this workspace is the finding "{0}".', target.id));
  await showAt(Uri.parse(entry.path));
}

/** The words of the panels for a kind of subject. */
function kindFor(target: Exclude<ReturnType<typeof linkTarget>, undefined | { kind: 'finding' }>): string {
  if (target.kind === 'direction') return 'component';
  if (target.kind !== 'component' || target.index === undefined) return target.kind;
  return target.hook.includes('.attn.') ? 'head' : 'neuron';
}

async function share(uri: Uri): Promise<void> {
  requireTrust();
  if (uri.scheme !== 'file') throw new Error(l10n.t('Findings are shared from notes on disk.'));
  await (await workspace.openTextDocument(uri)).save();
  const name = readNote((await workspace.openTextDocument(uri)).getText()).finding?.id ?? 'finding';
  const chosen = await window.showQuickPick([
    { label: l10n.t('One HTML file'), detail: l10n.t('With evidence and pictures; opens in any browser, and asks no server.'), folder: false },
    { label: l10n.t('A folder'), detail: l10n.t('The same, with the note and the files it was measured on.'), folder: true },
  ], { title: l10n.t('Share Finding') });
  if (chosen === undefined) return;
  const target = await window.showSaveDialog({ defaultUri: Uri.joinPath(uri, '..', chosen.folder ? `${name}-shared` : `${name}.html`), title: l10n.t('Share Finding') });
  if (target === undefined) return;
  if (chosen.folder) {
    const { missing } = shareFolder(uri.fsPath, target.fsPath);
    if (missing.length > 0) void window.showWarningMessage(l10n.t('These files were not there: {0}', missing.join(', ')));
  } else await workspace.fs.writeFile(target, new TextEncoder().encode(shareHtml(uri.fsPath)));
}

function groupingName(grouping: (typeof groupings)[number]): string {
  switch (grouping) {
    case 'kind': return l10n.t('Kind');
    case 'grade': return l10n.t('Evidence');
    case 'status': return l10n.t('Status');
    case 'subject': return l10n.t('Subject');
    case 'model': return l10n.t('Model');
  }
}
