/** The two panels: ids and pages. Names for people are translated where they are shown. */
import type { PanelKind } from '../../protocol/views/panel.ts';

export interface PanelDescription {
  /** View type, for VS Code and the serializer. */
  readonly id: string;
  /** Bundle and element of the page. */
  readonly view: string;
  readonly element: string;
}

export const panels: Readonly<Record<PanelKind, PanelDescription>> = {
  semantic: { id: 'mechanist.semantic', view: 'semantic', element: 'mechanist-semantic' },
  algorithmic: { id: 'mechanist.algorithmic', view: 'algorithmic', element: 'mechanist-algorithmic' },
};

/** View type of the editor for files of attribution graphs. */
export const graphEditor = 'mechanist.graph';
