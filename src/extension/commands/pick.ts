/** One step of a quick pick with a title, its number and a way back. */
import { QuickInputButtons, window } from 'vscode';
import type { QuickPickItem } from 'vscode';
import { Disposables } from '../disposables.ts';

export interface Step<T> {
  readonly title: string;
  readonly placeholder: string;
  readonly step: number;
  readonly totalSteps: number;
  /** The picker shows at once and is busy until the items are there. */
  readonly items: Promise<readonly (QuickPickItem & { readonly value?: T })[]>;
}

/** What was picked; `back` for the button, `undefined` for Escape. Rejects with what the items reject with. */
export async function pickStep<T>({ title, placeholder, step, totalSteps, items }: Step<T>): Promise<{ readonly value: T } | 'back' | undefined> {
  const owned = new Disposables();
  const picker = owned.add(window.createQuickPick<QuickPickItem & { readonly value?: T }>());
  Object.assign(picker, { title, placeholder, step, totalSteps, busy: true, matchOnDescription: true, matchOnDetail: true });
  if (step > 1) picker.buttons = [QuickInputButtons.Back];
  try {
    return await new Promise((resolve, reject) => {
      owned.add(picker.onDidAccept(() => {
        const [chosen] = picker.selectedItems;
        if (chosen?.value !== undefined) resolve({ value: chosen.value });
      }));
      owned.add(picker.onDidTriggerButton(() => resolve('back')));
      owned.add(picker.onDidHide(() => resolve(undefined)));
      picker.show();
      items.then((list) => {
        picker.items = list;
        picker.busy = false;
      }, reject);
    });
  } finally {
    owned.dispose();
  }
}
