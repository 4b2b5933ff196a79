/** Activation: makes the parts and registers them. Starts no process and opens no model; that waits for first use. */
import { l10n, window, workspace } from 'vscode';
import type { ExtensionContext, LogOutputChannel, Uri } from 'vscode';
import { failureText } from '../protocol/failureText.ts';
import { viewIds } from './commandIds.ts';
import { cardScheme, MethodCards } from './commands/methodCommands.ts';
import { dictionaryDrop } from './commands/openDictionary.ts';
import { openWithProgress } from './commands/openModel.ts';
import { paintFeature } from './commands/paintCommands.ts';
import { held } from './disposables.ts';
import { listening } from './listeners.ts';
import { registerCommands } from './commands/register.ts';
import { contextKeys } from './contextKeys.ts';
import { computeInBackground } from './editor/background.ts';
import { registerHovers } from './editor/hover.ts';
import { forgetChangedLabels, labelsFolder } from './editor/labels.ts';
import { registerPairFiles } from './editor/pairFiles.ts';
import { registerSurpriseHints } from './editor/surpriseHints.ts';
import { registerUriHandler } from './links/uriHandler.ts';
import { StatusBar } from './views/statusBar.ts';
import { Findings } from './findings/findings.ts';
import type { MapPage } from './findings/mapPanel.ts';
import { EngineService } from './process/engineService.ts';
import { FeatureNames } from './inspection/featureNames.ts';
import { Inspector } from './inspection/inspector.ts';
import { lastModel, rememberModel } from './models/lastModel.ts';
import { memoryLimit } from './models/memoryLimit.ts';
import { OpenModels } from './models/openModels.ts';
import { Probes } from './probes/probes.ts';
import { Painter } from './paint/painter.ts';
import { panelFindings } from './panels/panelFindings.ts';
import { Panels } from './panels/registerPanels.ts';
import { setContextKey } from './setContextKey.ts';
import { readSetting } from './settings.ts';
import { InspectorViewProvider } from './views/inspectorView.ts';
import { pageStrings } from './views/pageStrings.ts';
import { assetsOf, webviewPage } from './views/webviewPage.ts';
import type { InspectorViewParts } from './views/inspectorView.ts';
import { MethodsTree } from './views/methodsTree.ts';
import { ModelsTree } from './views/modelsTree.ts';

let engine: EngineService | undefined;

/** What tests in the extension host ask for; nothing else does, and nothing is offered unless their variable is set. */
export interface Diagnostics {
  held(): number;
  listening(): number;
}

type Offered = Partial<Diagnostics> & Pick<Findings, 'extendMarkdownIt'>;

/** A failure is told with its log; VS Code itself says only that there was one. */
export function activate(context: ExtensionContext): Offered {
  const log = window.createOutputChannel('Mechanist', { log: true });
  context.subscriptions.push(log);
  try {
    return start(context, log);
  } catch (error) {
    log.error(error instanceof Error ? error : String(error));
    const showLog = l10n.t('Show log');
    void window.showErrorMessage(l10n.t('Mechanist could not start: {0}', failureText(error)), showLog).then((chosen) => {
      if (chosen === showLog) log.show();
    });
    throw error;
  }
}

function start(context: ExtensionContext, log: LogOutputChannel): Offered {
  const started = performance.now();
  const keep = <T extends { dispose(): unknown }>(item: T): T => {
    context.subscriptions.push(item);
    return item;
  };
  const service = new EngineService(context.extensionUri, log);
  engine = service;
  const models = keep(new OpenModels(service, {
    defaultSource: () => lastModel(context.workspaceState, workspace.isTrusted) ?? { source: { kind: 'zoo', id: readSetting('model.default') } },
    memoryLimit: () => memoryLimit(readSetting('engine.memoryLimit')),
  }));
  const inspector = keep(new Inspector(service, models));
  const painter = keep(new Painter(service, models, inspector));
  const report = (problem: string): void => log.warn(problem);
  const names = keep(new FeatureNames(service, labelsFolder, report, l10n.t));
  keep(forgetChangedLabels(names));

  keep(rememberModel(models, context.workspaceState));
  keep(models.onChange(() => {
    void setContextKey(contextKeys.modelOpen, models.all.length > 0);
  }));
  keep(new StatusBar(service, models, painter));
  const findings = keep(new Findings({ mapPage: mapPage(context.extensionUri), engine: service, models, inspector, report }));
  const panels = keep(new Panels({ extensionUri: context.extensionUri, engine: service, models, open: (source) => openWithProgress(models, source), report, findings: panelFindings(findings.notes), pin: (kind, pinned) => findings.pin(kind, pinned) }));
  const probes = keep(new Probes(service));
  keep(registerCommands({ engine: service, models, inspector, painter, panels, findings, probes, log }));
  keep(registerHovers(inspector, names, report));
  keep(registerSurpriseHints(inspector, report));
  keep(registerPairFiles({ engine: service, models, report }));
  keep(registerUriHandler(models, report));
  keep(computeInBackground(inspector, report));
  registerViews(context, { engine: service, models, inspector, painter, probes, names, report });
  keep(workspace.registerTextDocumentContentProvider(cardScheme, new MethodCards()));
  log.info(l10n.t('activated in {0} ms', (performance.now() - started).toFixed(1)));
  const { extendMarkdownIt } = findings;
  return process.env['MECHANIST_DIAGNOSTICS'] === '1' ? { extendMarkdownIt, held: () => held.count, listening: () => listening.count } : { extendMarkdownIt };
}

export async function deactivate(): Promise<void> {
  await engine?.dispose();
}

interface ViewParts extends Omit<InspectorViewParts, 'extensionUri' | 'paintFeature'> {
  readonly painter: Painter;
  readonly probes: Probes;
}

function mapPage(extensionUri: Uri): MapPage {
  return { roots: [assetsOf(extensionUri)], html: (webview, title) => webviewPage({ webview, extensionUri, view: 'findings-map', title, element: 'mechanist-findings-map', strings: pageStrings('findings-map') }) };
}

function registerViews({ extensionUri, subscriptions }: ExtensionContext, { painter, probes, ...parts }: ViewParts): void {
  const { engine: service, models, inspector } = parts;
  const view = new InspectorViewProvider({
    extensionUri, ...parts, paintFeature: (dictionary, feature) => paintFeature(painter, models, inspector, { dictionary, feature }),
  });
  const modelsTree = new ModelsTree({ engine: service, models, probes, report: parts.report });
  const modelsView = window.createTreeView(viewIds.models, { treeDataProvider: modelsTree, dragAndDropController: dictionaryDrop(models) });
  const methodsTree = new MethodsTree(models);
  subscriptions.push(
    view, window.registerWebviewViewProvider(viewIds.inspector, view), modelsTree, modelsView, methodsTree,
    window.createTreeView(viewIds.methods, { treeDataProvider: methodsTree }),
    models.onChange(() => {
      const open = models.all.length;
      modelsView.badge = open === 0 ? undefined : { value: open, tooltip: l10n.t('open models: {0}', open) };
    }),
  );
}
