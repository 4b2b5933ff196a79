/** One step of a quick pick with a title, its number and a way back. */
import { QuickInputButtons, window } from 'vscode';
import type { QuickPickItem } from 'vscode';
import { Disposables } from './disposables.ts';

export interface Step<T> {
  readonly title: string;
  readonly placeholder: string;
  readonly step: number;
  readonly totalSteps: number;
  /** The picker shows at once and is busy until the items are there. */
  readonly items: Promise<readonly (QuickPickItem & { readonly value?: T })[]>;
  /** What the typed text itself stands for; offered above the items. */
  readonly typed?: (text: string) => (QuickPickItem & { readonly value?: T }) | undefined;
}

/** What was picked; `back` for the button, `undefined` for Escape. Rejects with what the items reject with. */
export async function pickStep<T>({ title, placeholder, step, totalSteps, items, typed }: Step<T>): Promise<{ readonly value: T } | 'back' | undefined> {
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
      let offered: readonly (QuickPickItem & { readonly value?: T })[] = [];
      const offer = (): void => {
        const own = typed?.(picker.value);
        picker.items = own === undefined ? offered : [{ ...own, alwaysShow: true }, ...offered];
      };
      if (typed !== undefined) owned.add(picker.onDidChangeValue(offer));
      picker.show();
      items.then((list) => {
        offered = list;
        offer();
        picker.busy = false;
      }, reject);
    });
  } finally {
    owned.dispose();
  }
}
