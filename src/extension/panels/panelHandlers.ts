/** What the host does for a page: things of the editor, which a page cannot reach. */
import { Range, Uri, ViewColumn, commands, env, l10n, window, workspace } from 'vscode';
import { Buffer } from 'node:buffer';
import { writes } from '../../protocol/views/panel.ts';
import type { FeatureGrade, FindingMention, PanelKind, PanelResults, Pin, Subject, SubjectAction } from '../../protocol/views/panel.ts';
import { commandIds } from '../commandIds.ts';
import type { Disposable } from '../disposables.ts';
import { endpointWriter } from '../labels/endpointWriter.ts';
import { languageModelWriter } from '../labels/languageModelWriter.ts';
import { writeLabel } from '../labels/writeLabel.ts';
import type { OpenModels } from '../models/openModels.ts';
import type { EnginePort } from '../process/enginePort.ts';
import { readSetting } from '../settings.ts';
import { addDictionary } from './addDictionary.ts';
import { checkedCall } from './pageConversation.ts';
import { outputFolders } from './panelContext.ts';
import type { PanelHandlers } from './pageConversation.ts';
import type { PanelJobs } from './panelJobs.ts';

export interface PanelActions {
  readonly act: (action: SubjectAction, subject: Subject) => Promise<void>;
  /** Whether it was pinned. */
  readonly pin: (pinned: Pin) => Promise<boolean>;
}

/** Findings of the workspace, as a page asks for them. */
export interface PanelFindings {
  readonly onChange: (listener: () => void) => Disposable;
  readonly about: (subject: string) => Promise<readonly FindingMention[]>;
  readonly grades: (model: string, dictionary: string) => Promise<readonly FeatureGrade[]>;
}

interface Parts {
  readonly engine: EnginePort;
  readonly models: OpenModels;
  readonly jobs: PanelJobs;
  readonly findings: PanelFindings;
}

export function panelHandlers(kind: PanelKind, { engine, models, jobs, findings }: Parts, actions: PanelActions, start: () => PanelResults['panel.start']): PanelHandlers {
  return {
    'panel.start': () => Promise.resolve(start()),
    'panel.act': async ({ action, subject }) => done(actions.act(action, subject)),
    'panel.pin': (pinned) => actions.pin(pinned),
    'panel.goTo': async ({ file, start: from, end }) => done(goTo(file, from, end)),
    'panel.findings': ({ subject }) => findings.about(subject),
    'panel.grades': ({ model, dictionary }) => findings.grades(model, dictionary),
    'panel.copy': async ({ text }) => done(env.clipboard.writeText(text)),
    'panel.save': async ({ name, content }) => save(name, content),
    'panel.pick': async ({ what, title, extensions, name }) => pick(what, title, extensions, name),
    'panel.label.write': async ({ by, ...asked }, { signal, progress }) => {
      const writer = by === 'endpoint' ? await endpointWriter(readSetting('labels.endpoint'), readSetting('labels.model'), signal) : await languageModelWriter();
      return writeLabel(engine, asked, writer, { signal, onProgress: progress });
    },
    // Settings of the machine are those of the remote one where there is one.
    'panel.openSetting': async ({ name }) => done(commands.executeCommand(env.remoteName === undefined ? 'workbench.action.openSettings' : 'workbench.action.openRemoteSettings', { query: `mechanist.${name}` })),
    'panel.useModel': async ({ model }) => done(Promise.resolve(models.use(model))),
    'panel.useDictionary': async ({ dictionary }) => {
      const owner = models.all.find(({ dictionaries }) => dictionaries.some((one) => one.dictionary === dictionary));
      if (owner !== undefined) models.useDictionary(owner.model, dictionary);
      return null;
    },
    'panel.openModel': async () => done(commands.executeCommand(commandIds.openModel)),
    'panel.openDictionary': async () => done(commands.executeCommand(commandIds.openDictionary)),
    'panel.addDictionary': ({ path }) => addDictionary(models, workspace.isTrusted, path),
    'panel.restartEngine': async () => done(engine.restart()),
    'panel.openLink': async ({ url }) => done(env.openExternal(Uri.parse(url, true))),
    'panel.job.start': async ({ id, method, params }) => {
      const checked = checkedCall(kind, method, params, workspace.isTrusted, l10n.t);
      if (writes(checked.method, checked.params)) await makeOutputFolders();
      jobs.start(id, checked.method, params);
      return null;
    },
    'panel.job.cancel': async ({ id }) => done(Promise.resolve(jobs.cancel(id))),
    'panel.job.dismiss': async ({ id }) => done(Promise.resolve(jobs.dismiss(id))),
  };
}

/** Jobs write below folders of the workspace that may not be there yet. */
async function makeOutputFolders(): Promise<void> {
  const folders = outputFolders();
  for (const path of folders === undefined ? [] : [folders.stores, folders.dictionaries]) await workspace.fs.createDirectory(Uri.file(path));
}

async function done(work: PromiseLike<unknown>): Promise<null> {
  await work;
  return null;
}

/** `file` is a path or a document's URI. The text opens beside the panel, or where it is open already. */
async function goTo(file: string, start: number, end: number): Promise<void> {
  const uri = /^[a-z][\w+.-]+:/i.test(file) && !/^[a-z]:[\\/]/i.test(file) ? Uri.parse(file, true) : Uri.file(file);
  const document = await workspace.openTextDocument(uri);
  const open = window.visibleTextEditors.find((editor) => editor.document === document);
  const selection = new Range(document.positionAt(start), document.positionAt(end));
  // Where texts are already, rather than in one column more.
  const column = open?.viewColumn ?? window.visibleTextEditors.find(({ viewColumn }) => viewColumn !== undefined)?.viewColumn;
  await window.showTextDocument(document, { viewColumn: column ?? ViewColumn.Beside, selection, preserveFocus: false });
}

async function save(name: string, content: string | ArrayBuffer): Promise<string | null> {
  const folder = workspace.workspaceFolders?.[0]?.uri;
  const target = await window.showSaveDialog(folder === undefined ? {} : { defaultUri: Uri.joinPath(folder, name) });
  if (target === undefined) return null;
  await workspace.fs.writeFile(target, typeof content === 'string' ? Buffer.from(content, 'utf8') : new Uint8Array(content));
  return target.fsPath;
}

async function pick(what: 'files' | 'file' | 'folder' | 'filesOrFolders' | 'saveAs', title: string, extensions: readonly string[], name: string | undefined): Promise<readonly string[]> {
  const folder = workspace.workspaceFolders?.[0]?.uri;
  const filters = extensions.length === 0 ? {} : { filters: { [extensions.map((extension) => `*.${extension}`).join(', ')]: [...extensions] } };
  if (what === 'saveAs') {
    const target = await window.showSaveDialog({ title, ...filters, ...(folder === undefined ? {} : { defaultUri: name === undefined ? folder : Uri.joinPath(folder, name) }) });
    return target === undefined ? [] : [target.fsPath];
  }
  const chosen = await window.showOpenDialog({
    title, ...filters, canSelectFiles: what !== 'folder', canSelectFolders: what === 'folder' || what === 'filesOrFolders', canSelectMany: what === 'files' || what === 'filesOrFolders',
    ...(folder === undefined ? {} : { defaultUri: folder }),
  });
  return chosen?.map(({ fsPath }) => fsPath) ?? [];
}
