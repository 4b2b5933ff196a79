/** What a click on the status bar offers. */
import { commands, l10n } from 'vscode';
import { commandIds } from '../commandIds.ts';
import { readSetting } from '../settings.ts';
import { pickStep } from '../pick.ts';

export async function showMenu(painted: boolean): Promise<void> {
  const hover = readSetting('hover.enabled') ? l10n.t('Turn hovers off') : l10n.t('Turn hovers on');
  const items = [
    { label: `$(folder-opened) ${l10n.t('Open model')}`, value: commandIds.openModel },
    { label: `$(book) ${l10n.t('Choose dictionary')}`, value: commandIds.pickDictionary },
    { label: `$(inspect) ${l10n.t('Show inspector')}`, value: commandIds.revealInspector },
    { label: `$(comment) ${hover}`, value: commandIds.toggleHover },
    { label: `$(symbol-color) ${l10n.t('Paint by surprise')}`, value: commandIds.paintSurprise },
    { label: `$(symbol-color) ${l10n.t('Paint by feature')}`, value: commandIds.paintFeature },
    { label: `$(symbol-color) ${l10n.t('Paint by a probe')}`, value: commandIds.paintProbe },
    ...(painted ? [{ label: `$(clear-all) ${l10n.t('Clear paint')}`, value: commandIds.clearPaint }] : []),
    { label: `$(debug-restart) ${l10n.t('Restart engine')}`, value: commandIds.restartEngine },
    { label: `$(output) ${l10n.t('Show log')}`, value: commandIds.showLog },
  ];
  const picked = await pickStep<string>({ title: 'Mechanist', placeholder: l10n.t('What to do?'), step: 1, totalSteps: 1, items: Promise.resolve(items) });
  if (picked !== undefined && picked !== 'back') await commands.executeCommand(picked.value);
}
