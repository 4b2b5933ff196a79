/** The table of commands: one row for each id. A failure is told once, with a way to the log. */
import { commands, l10n, window } from 'vscode';
import type { LogOutputChannel } from 'vscode';
import { failureText } from '../../protocol/failureText.ts';
import { PeerError } from '../../protocol/peer.ts';
import { commandIds, viewIds } from '../commandIds.ts';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import type { EnginePort } from '../process/enginePort.ts';
import { findingCommands } from '../findings/findingCommands.ts';
import type { Findings } from '../findings/findings.ts';
import type { Inspector } from '../inspection/inspector.ts';
import type { OpenModels } from '../models/openModels.ts';
import type { Painter } from '../paint/painter.ts';
import { panelCommands } from '../panels/panelCommands.ts';
import type { Panels } from '../panels/registerPanels.ts';
import type { Probes } from '../probes/probes.ts';
import { readSetting, writeSetting } from '../settings.ts';
import { showMenu } from './menu.ts';
import { runMethod, showMethod } from './methodCommands.ts';
import { chooseDictionary, closeModel, openDictionary, openModel, useDictionary, useModel } from './modelCommands.ts';
import { paintFeature, paintSurprise, stepHit } from './paintCommands.ts';
import { deleteProbe, paintProbe, pinGivenProbe, trainProbe } from './probeCommands.ts';

export interface CommandParts {
  readonly engine: EnginePort;
  readonly models: OpenModels;
  readonly inspector: Inspector;
  readonly painter: Painter;
  readonly panels: Panels;
  readonly findings: Findings;
  readonly probes: Probes;
  readonly log: LogOutputChannel;
}

type Handler = (argument: unknown) => unknown;
type CommandId = (typeof commandIds)[keyof typeof commandIds];

export function registerCommands(parts: CommandParts): Disposable {
  const owned = new Disposables();
  for (const [id, handler] of Object.entries(handlers(parts))) {
    owned.add(commands.registerCommand(id, (argument: unknown) => guarded(parts.log, id, () => handler(argument))));
  }
  return owned;
}

function handlers(parts: CommandParts): Record<CommandId, Handler> {
  const { engine, models, inspector, painter, panels, findings, probes, log } = parts;
  const probing = { engine, models, probes, painter, notes: findings.notes };
  return {
    [commandIds.openModel]: (node) => openModel(engine, models, node),
    [commandIds.useModel]: (node) => useModel(models, node),
    [commandIds.closeModel]: (node) => closeModel(models, node),
    [commandIds.openDictionary]: (node) => openDictionary(models, node),
    [commandIds.pickDictionary]: () => chooseDictionary(models),
    [commandIds.useDictionary]: (node) => useDictionary(models, node),
    [commandIds.restartEngine]: () => engine.restart(),
    [commandIds.showLog]: () => log.show(),
    [commandIds.showMenu]: () => showMenu(painter.legend !== undefined),
    [commandIds.showWalkthrough]: () => commands.executeCommand('workbench.action.openWalkthrough', 'mechanist.mechanist#start', false),
    [commandIds.toggleHover]: () => writeSetting('hover.enabled', !readSetting('hover.enabled')),
    [commandIds.revealInspector]: () => commands.executeCommand(`${viewIds.inspector}.focus`),
    [commandIds.showMethod]: (node) => showMethod(node),
    [commandIds.runMethod]: (node) => runMethod(parts, node),
    [commandIds.paintSurprise]: () => paintSurprise(painter),
    [commandIds.paintFeature]: (choice) => paintFeature(painter, models, inspector, choice),
    [commandIds.paintProbe]: (node) => paintProbe(probing, node),
    [commandIds.trainProbe]: () => trainProbe(probing),
    [commandIds.pinProbe]: (node) => pinGivenProbe(probing, node),
    [commandIds.deleteProbe]: (node) => deleteProbe(probing, node),
    [commandIds.clearPaint]: () => painter.clear(),
    [commandIds.nextHit]: () => stepHit(painter, 1),
    [commandIds.previousHit]: () => stepHit(painter, -1),
    ...panelCommands(panels),
    ...findingCommands(findings),
  };
}

async function guarded(log: LogOutputChannel, id: string, run: () => unknown): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (PeerError.is(error, 'cancelled')) return;
    const message = failureText(error);
    log.error(`${id}: ${message}`);
    const showLog = l10n.t('Show log');
    if ((await window.showErrorMessage(message, showLog)) === showLog) log.show();
  }
}
