/**
 * Tabs of panels that a reloaded window has not filled yet: VS Code restores a panel only once its tab is shown. A
 * command that opened another panel meanwhile would leave two.
 */
import { TabInputWebview, commands, window } from 'vscode';

/** Focusing a group by its place; there is no command that takes the number. */
const focusGroup = ['First', 'Second', 'Third', 'Fourth', 'Fifth', 'Sixth', 'Seventh', 'Eighth'].map((place) => `workbench.action.focus${place}EditorGroup`);

/** Brings the tab of a view type to the front, which makes VS Code restore its panel. `false` where there is none. */
export async function showHiddenTab(viewType: string): Promise<boolean> {
  for (const group of window.tabGroups.all) {
    const index = group.tabs.findIndex(({ input }) => input instanceof TabInputWebview && (input.viewType === viewType || input.viewType.endsWith(`-${viewType}`)));
    const focus = focusGroup[group.viewColumn - 1];
    if (index === -1 || focus === undefined) continue;
    await commands.executeCommand(focus);
    await commands.executeCommand('workbench.action.openEditorAtIndex', index);
    return true;
  }
  return false;
}
