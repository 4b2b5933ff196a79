/** What a page is told of the world. */
import { workspace } from 'vscode';
import type { EditorSelection, PanelContext } from '../../protocol/views/panel.ts';
import { followedEditor } from '../editor/documents.ts';
import type { OpenModels } from '../models/openModels.ts';
import type { EnginePort } from '../process/enginePort.ts';
import { keptFolder } from '../workspaceFolders.ts';

export function panelContext(engine: EnginePort, models: OpenModels): PanelContext {
  const { condition } = engine;
  const { active } = models;
  return {
    engine: condition.kind === 'failed' ? { kind: 'failed', reason: condition.reason } : { kind: condition.kind },
    opening: models.progress, trusted: workspace.isTrusted, models: models.all, model: active?.model.model, dictionary: active?.dictionary?.dictionary, folders: outputFolders(),
  };
}

/** What is selected in the editor that the user works in, or the line of the cursor; undefined where there is no text. */
export function editorSelection(): EditorSelection | undefined {
  const editor = followedEditor();
  if (editor === undefined) return undefined;
  const { document, selection } = editor;
  const range = selection.isEmpty ? document.lineAt(selection.active.line).range : selection;
  return { text: document.getText(range).slice(0, 200_000), document: document.uri.toString(), start: document.offsetAt(range.start), end: document.offsetAt(range.end) };
}

/** Where labels, stores and dictionaries of the user's own are kept: `.mechanist` of the first folder on disk. */
export function outputFolders(): PanelContext['folders'] {
  const [labels, stores, dictionaries] = [keptFolder('labels'), keptFolder('stores'), keptFolder('dictionaries')];
  return labels === undefined || stores === undefined || dictionaries === undefined ? undefined : { labels, stores, dictionaries };
}
