/** Shows a method's card and runs the methods that the views can run. */
import { EventEmitter, Uri, commands, l10n, workspace } from 'vscode';
import type { TextDocumentContentProvider } from 'vscode';
import { commandIds, viewIds } from '../commandIds.ts';
import { methodCard, methodOf, methods } from '../methods/catalogue.ts';
import type { Method } from '../methods/method.ts';
import { pickStep } from './pick.ts';

export const cardScheme = 'mechanist-method';

/** Cards as read-only documents, so that VS Code's Markdown preview draws them. */
export class MethodCards implements TextDocumentContentProvider {
  private readonly changes = new EventEmitter<Uri>();
  readonly onDidChange = this.changes.event;

  provideTextDocumentContent(uri: Uri): string {
    const method = methodOf(uri.path.replace(/\.md$/, ''));
    return method === undefined ? '' : methodCard(method, l10n.t);
  }
}

export async function showMethod(given: unknown): Promise<void> {
  const method = methodIn(given) ?? (await askMethod(methods));
  if (method === undefined) return;
  const uri = Uri.from({ scheme: cardScheme, path: `${method.id}.md` });
  await workspace.openTextDocument(uri);
  await commands.executeCommand('markdown.showPreview', uri);
}

export async function runMethod(given: unknown): Promise<void> {
  const method = methodIn(given) ?? (await askMethod(methods.filter(({ run }) => run !== undefined)));
  switch (method?.run) {
    case 'inspect': case 'lens': await commands.executeCommand(`${viewIds.inspector}.focus`); break;
    case 'paintSurprise': await commands.executeCommand(commandIds.paintSurprise); break;
    case 'paintFeature': await commands.executeCommand(commandIds.paintFeature); break;
    case undefined: break;
  }
}

async function askMethod(list: readonly Method[]): Promise<Method | undefined> {
  const picked = await pickStep<Method>({
    title: l10n.t('Method'), placeholder: l10n.t('Which question?'), step: 1, totalSteps: 1,
    items: Promise.resolve(list.map((method) => ({ label: l10n.t(method.name), detail: l10n.t(method.question), value: method }))),
  });
  return picked === undefined || picked === 'back' ? undefined : picked.value;
}

/** From a row of the tree. */
function methodIn(given: unknown): Method | undefined {
  const id = (given as { readonly method?: { readonly id?: unknown } } | undefined)?.method?.id;
  return typeof id === 'string' ? methodOf(id) : undefined;
}
