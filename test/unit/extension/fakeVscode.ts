/**
 * As much of `vscode` as parts of the extension need that are tested outside the editor: `vi.mock('vscode', async () =>
 * (await import('./fakeVscode.ts')).fakeVscode())`. What is not named here is a class that does nothing.
 */
import { Listeners } from '../../../src/extension/listeners.ts';

/** What tests give and look at. */
export const editor = {
  /** Contents by path. */
  files: new Map<string, string>(),
  folders: ['/w'] as string[],
  configuration: new Map<string, unknown>(),
  /** Resources that settings were read for. */
  readFor: [] as unknown[],
  contextKeys: new Map<string, unknown>(),
  messages: [] as string[],
  /** Errors in the log. */
  logged: [] as unknown[],
  commentThreads: 0,
  findFiles: undefined as (() => Promise<Uri[]>) | undefined,
  foldersChanged: new Listeners<void>(),
  cancel: new Listeners<void>(),
  documents: [] as object[],
};

class Uri {
  readonly path: string;
  readonly scheme = 'file';

  constructor(path: string) {
    this.path = path;
  }

  static parse(text: string): Uri {
    return new Uri(text.replace(/^file:\/\//, ''));
  }

  static joinPath(base: Uri, ...parts: string[]): Uri {
    return new Uri([base.path, ...parts].join('/'));
  }

  get fsPath(): string {
    return this.path;
  }

  toString(): string {
    return `file://${this.path}`;
  }
}

class MarkdownString {
  value = '';

  appendText(text: string): void {
    this.value += text;
  }

  appendMarkdown(text: string): void {
    this.value += text;
  }
}

class RelativePattern {
  readonly base: string;

  constructor({ uri }: { uri: Uri }) {
    this.base = uri.path;
  }
}

class WorkspaceEdit {
  replace(): void {
    // Documents stay as they are.
  }
}

class Nothing {
  dispose(): void {
    // Nothing is held.
  }
}

const silent = (): Nothing => new Nothing();
const l10n = { t: (sentence: string, ...values: unknown[]): string => sentence.replace(/\{(\d+)\}/g, (_, place: string) => String(values[Number(place)])) };

function textOf({ path }: Uri): string {
  const text = editor.files.get(path);
  if (text === undefined) throw new Error(`${path} is not there`);
  return text;
}

const workspace = {
  isTrusted: true,
  get workspaceFolders() { return editor.folders.map((path) => ({ uri: new Uri(path) })); },
  get textDocuments() { return editor.documents; },
  asRelativePath: ({ path }: Uri): string => path.slice(path.lastIndexOf('/') + 1),
  findFiles: ({ base }: RelativePattern): Promise<Uri[]> => editor.findFiles?.() ?? Promise.resolve([...editor.files.keys()].filter((path) => path.startsWith(`${base}/`)).map((path) => new Uri(path))),
  fs: {
    stat: async (uri: Uri): Promise<{ size: number }> => Promise.resolve({ size: textOf(uri).length }),
    readFile: async (uri: Uri): Promise<Uint8Array> => Promise.resolve(new TextEncoder().encode(textOf(uri))),
  },
  getConfiguration: (_section: string, resource: unknown) => ({
    get: (name: string, fallback: unknown): unknown => {
      editor.readFor.push(resource);
      return editor.configuration.has(name) ? editor.configuration.get(name) : fallback;
    },
  }),
  openTextDocument: async (uri: Uri): Promise<object> => Promise.resolve({
    uri, getText: () => textOf(uri), positionAt: (offset: number) => offset, fileName: uri.path, isDirty: false, isUntitled: false, languageId: 'markdown', version: 1, save: () => Promise.resolve(true),
  }),
  createFileSystemWatcher: () => ({ onDidCreate: silent, onDidChange: silent, onDidDelete: silent, dispose: silent }),
  onDidChangeWorkspaceFolders: editor.foldersChanged.event,
  onDidChangeConfiguration: silent, onDidChangeTextDocument: silent, onDidOpenTextDocument: silent, onDidCloseTextDocument: silent,
  applyEdit: (): Promise<boolean> => Promise.resolve(true),
};

const tell = (message: string): Promise<undefined> => {
  editor.messages.push(message);
  return Promise.resolve(undefined);
};

const window = {
  createOutputChannel: () => ({ error: (problem: unknown) => void editor.logged.push(problem), warn: silent, info: silent, trace: silent, show: silent, dispose: silent }),
  visibleTextEditors: [], onDidChangeVisibleTextEditors: silent, createTextEditorDecorationType: silent,
  showInformationMessage: tell, showWarningMessage: tell, showErrorMessage: tell,
  withProgress: <T>(_options: unknown, task: (progress: object, cancel: object) => Promise<T>): Promise<T> => {
    const cancel = { isCancellationRequested: false, onCancellationRequested: editor.cancel.event };
    editor.cancel.event(() => { cancel.isCancellationRequested = true; });
    return task({ report: silent }, cancel);
  },
};

const commands = {
  executeCommand: (_command: string, key: string, value: unknown): Promise<void> => {
    editor.contextKeys.set(key, value);
    return Promise.resolve();
  },
};
const comments = {
  createCommentController: () => ({
    createCommentThread: () => {
      editor.commentThreads++;
      return new Nothing();
    },
    dispose: silent,
  }),
};

/** The module, for `vi.mock`. */
export function fakeVscode(): object {
  const named: Readonly<Record<string, unknown>> = {
    Uri, MarkdownString, RelativePattern, WorkspaceEdit, l10n, workspace, window, commands, comments,
    ...Object.fromEntries(['CompletionItemKind', 'CommentMode', 'CommentThreadCollapsibleState', 'ProgressLocation', 'DecorationRangeBehavior', 'OverviewRulerLane', 'TextEditorRevealType', 'DiagnosticSeverity', 'languages'].map((name) => [name, {}])),
  };
  return new Proxy(named, { has: (_, name) => name !== 'then', get: (_, name) => (name === 'then' ? undefined : (named[String(name)] ?? Nothing)) });
}
