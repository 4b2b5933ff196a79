/** Shows a method's card and runs the methods that the views can run. */
import { Uri, commands, l10n, workspace } from 'vscode';
import type { TextDocumentContentProvider } from 'vscode';
import { commandIds } from '../commandIds.ts';
import type { Inspector } from '../inspection/inspector.ts';
import { methodCard, methodOf, methods } from '../methods/catalogue.ts';
import { methodGroups } from '../methods/groups.ts';
import type { Method } from '../methods/method.ts';
import type { OpenModels } from '../models/openModels.ts';
import type { Panels } from '../panels/registerPanels.ts';
import { formatLink } from '../../notes/subjects.ts';
import type { EnginePort } from '../process/enginePort.ts';
import { askFeature } from './askFeature.ts';
import { askQuestion } from './askQuestion.ts';
import { pickStep } from '../pick.ts';

export const cardScheme = 'mechanist-method';

/** Cards as read-only documents, so that VS Code's Markdown preview draws them. */
export class MethodCards implements TextDocumentContentProvider {
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

export interface MethodParts {
  readonly engine: EnginePort;
  readonly models: OpenModels;
  readonly inspector: Inspector;
  readonly panels: Panels;
}

/** Asks for what the method needs, and shows its result where it belongs. */
export async function runMethod({ engine, models, inspector, panels }: MethodParts, given: unknown): Promise<void> {
  const method = methodIn(given) ?? (await askMethod(methods.filter(({ run }) => run !== undefined)));
  const run = method?.run;
  if (method === undefined || run === undefined) return;
  switch (run.kind) {
    case 'command': await commands.executeCommand(commandIds[run.command]); break;
    case 'semantic': await panels.show('semantic', run.part === undefined ? undefined : { part: run.part }); break;
    case 'steer': await steer(models, inspector, panels, l10n.t(method.name)); break;
    case 'question': {
      const question = await askQuestion(engine, models, l10n.t(method.name), method.needs.includes('pair'));
      if (question !== undefined) await panels.show('algorithmic', { question, part: run.tab });
      break;
    }
  }
}

async function steer(models: OpenModels, inspector: Inspector, panels: Panels, title: string): Promise<void> {
  const choice = await askFeature(models, inspector, title);
  const { model, dictionary } = await models.need();
  if (choice === undefined || dictionary === undefined) return;
  const subject = formatLink({ kind: 'feature', model: model.id, dictionary: dictionary.id, index: choice.feature });
  await panels.show('semantic', { subject: { subject, kind: 'feature', dictionary: choice.dictionary, feature: choice.feature }, action: 'steer' });
}

async function askMethod(list: readonly Method[]): Promise<Method | undefined> {
  const picked = await pickStep<Method>({
    title: l10n.t('Method'), placeholder: l10n.t('Which question?'), step: 1, totalSteps: 1,
    items: Promise.resolve(list.map((method) => ({ label: l10n.t(method.name), description: kindOf(method), detail: l10n.t(method.question), value: method }))),
  });
  return picked === undefined || picked === 'back' ? undefined : picked.value;
}

/** Semantic, algorithmic, … */
function kindOf({ group }: Method): string {
  const kind = methodGroups.find(({ id }) => id === group.split('.')[0]);
  return kind === undefined ? '' : l10n.t(kind.name);
}

/** From a row of the tree. */
function methodIn(given: unknown): Method | undefined {
  const id = (given as { readonly method?: { readonly id?: unknown } } | undefined)?.method?.id;
  return typeof id === 'string' ? methodOf(id) : undefined;
}
