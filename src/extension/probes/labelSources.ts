/** Where the labels of a new probe come from, as the first step of training one. */
import { QuickPickItemKind, Uri, l10n, window, workspace } from 'vscode';
import type { QuickPickItem, TextEditor } from 'vscode';
import type { LabelSource } from '../../protocol/methods/probes.ts';
import type { ModelSummary } from '../../protocol/methods.ts';
import { pickStep } from '../pick.ts';
import { followedEditor } from '../editor/documents.ts';

type Choice = LabelSource | { readonly kind: 'browse' } | { readonly kind: 'browseClasses' };
type Item = QuickPickItem & { readonly value?: Choice };

export async function pickLabels(model: ModelSummary, totalSteps: number): Promise<LabelSource | undefined> {
  const picked = await pickStep<Choice>({
    title: l10n.t('Train a probe of {0}', model.id), placeholder: l10n.t('Which tokens have the property? Choose where the labels come from'), step: 1, totalSteps, items: choices(model),
  });
  if (picked === undefined || picked === 'back') return undefined;
  const { value } = picked;
  if (value.kind === 'browse') {
    const file = await askFile(l10n.t('Labelled texts (.jsonl) or tokens with classes (.safetensors)'), ['jsonl', 'safetensors']);
    return file === undefined ? undefined : { kind: 'file', path: file };
  }
  if (value.kind === 'browseClasses') {
    const yes = await askFile(l10n.t('Texts that have the property, one per line'));
    const no = yes === undefined ? undefined : await askFile(l10n.t('Texts that do not have it, one per line'));
    return yes === undefined || no === undefined ? undefined : { kind: 'classes', yes, no };
  }
  return value;
}

async function choices(model: ModelSummary): Promise<Item[]> {
  const editor = followedEditor();
  const selected = editor?.selections.filter(({ isEmpty }) => !isEmpty).length ?? 0;
  const files = await labelledFiles();
  return [
    ...(model.source.kind === 'zoo' ? [{ label: `$(library) ${l10n.t('Corpus of the model')}`, detail: l10n.t('The latent variables of the texts that the bundled model was trained on'), value: { kind: 'bundled' } } satisfies Item] : []),
    ...(editor !== undefined && selected > 0 ? [{ label: `$(selection) ${l10n.t('Selections in the editor')}`, detail: l10n.t('Selected: {0}. Tokens inside have the property, the rest of the text has not', selected), value: selectionLabels(editor) } satisfies Item] : []),
    ...(files.length === 0 ? [] : [{ label: l10n.t('Labelled texts of the workspace'), kind: QuickPickItemKind.Separator }]),
    ...files.map((file): Item => ({ label: `$(json) ${workspace.asRelativePath(file)}`, value: { kind: 'file', path: file.fsPath } })),
    { label: l10n.t('From disk'), kind: QuickPickItemKind.Separator },
    { label: `$(json) ${l10n.t('Labelled texts…')}`, detail: '{"text": "…", "label": "…"} · {"text": "…", "spans": [[0, 4]]}', value: { kind: 'browse' } },
    { label: `$(files) ${l10n.t('Two files of texts…')}`, detail: l10n.t('One with the property, one without, a text per line'), value: { kind: 'browseClasses' } },
  ];
}

/** Files of texts, which those of prompt pairs are not; told by their first line, unless they are large. */
async function labelledFiles(): Promise<Uri[]> {
  const found = await workspace.findFiles('**/*.jsonl', '**/{node_modules,.git}/**', 100);
  const kept = await Promise.all(found.map(async (file) => {
    const { size } = await workspace.fs.stat(file);
    return size > largestLook || /^\uFEFF?\s*\{[^\n]*"text"\s*:/.test(new TextDecoder().decode(await workspace.fs.readFile(file)));
  }));
  return found.filter((_, i) => kept[i]).toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

const largestLook = 4_000_000;

/** Lines of the text, each read on its own, with what is selected in them. */
function selectionLabels({ document, selections }: TextEditor): LabelSource {
  const texts = Array.from({ length: Math.min(document.lineCount, mostLines) }, (_, line) => document.lineAt(line)).filter(({ text }) => text.trim() !== '').map(({ text, range }) => ({
    text: text.slice(0, longestLine),
    spans: selections.flatMap((selection): [number, number][] => {
      const part = range.intersection(selection);
      const [start, end] = [part?.start.character ?? 0, Math.min(longestLine, part?.end.character ?? 0)];
      return start < end ? [[start, end]] : [];
    }),
  }));
  return { kind: 'texts', name: l10n.t('selections in {0}', workspace.asRelativePath(document.uri)).slice(0, 200), texts };
}

const mostLines = 10_000;
const longestLine = 100_000;

async function askFile(title: string, extensions?: string[]): Promise<string | undefined> {
  const [root] = workspace.workspaceFolders ?? [];
  const [chosen] = (await window.showOpenDialog({
    title, openLabel: l10n.t('Use these labels'), ...(root === undefined ? {} : { defaultUri: Uri.joinPath(root.uri) }), ...(extensions === undefined ? {} : { filters: { [l10n.t('Labels')]: extensions } }),
  })) ?? [];
  return chosen?.fsPath;
}
