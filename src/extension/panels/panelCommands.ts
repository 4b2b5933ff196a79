/** The palette's and menus' commands of the panels, one row for each id. */
import { commandIds } from '../commandIds.ts';
import type { Panels } from './registerPanels.ts';

export function panelCommands(panels: Panels) {
  return {
    [commandIds.openSemantic]: (target: unknown) => panels.show('semantic', target),
    [commandIds.semanticSelection]: () => panels.showSelection('semantic'),
    [commandIds.semanticSearch]: () => panels.showPart('semantic', 'search'),
    [commandIds.semanticMap]: () => panels.showPart('semantic', 'map'),
    [commandIds.semanticDictionary]: () => panels.showPart('semantic', 'dictionary'),
    [commandIds.semanticHarvest]: () => panels.showPart('semantic', 'harvest'),
    [commandIds.semanticTrain]: () => panels.showPart('semantic', 'train'),
    [commandIds.semanticSuggestLabel]: () => panels.showPart('semantic', 'suggest'),
    [commandIds.semanticLabelAll]: () => panels.showPart('semantic', 'labelAll'),
    [commandIds.semanticImport]: () => panels.showPart('semantic', 'import'),
    [commandIds.semanticExport]: () => panels.showPart('semantic', 'export'),
    [commandIds.openAlgorithmic]: (target: unknown) => panels.show('algorithmic', target),
    [commandIds.algorithmicSelection]: () => panels.showSelection('algorithmic'),
    [commandIds.algorithmicLens]: () => panels.showPart('algorithmic', 'lens'),
    [commandIds.algorithmicAttention]: () => panels.showPart('algorithmic', 'attention'),
    [commandIds.algorithmicPatching]: () => panels.showPart('algorithmic', 'patching'),
    [commandIds.algorithmicCircuit]: () => panels.showPart('algorithmic', 'circuit'),
    [commandIds.algorithmicGraph]: () => panels.showPart('algorithmic', 'graph'),
    [commandIds.algorithmicCompare]: () => panels.showPart('algorithmic', 'compare'),
    [commandIds.openSubject]: (target: unknown) => panels.actOn('open', target),
    [commandIds.paintSubject]: (target: unknown) => panels.actOn('paint', target),
    [commandIds.ablateSubject]: (target: unknown) => panels.actOn('ablate', target),
    [commandIds.steerSubject]: (target: unknown) => panels.actOn('steer', target),
    [commandIds.findCircuits]: (target: unknown) => panels.actOn('findCircuits', target),
    [commandIds.pinSubject]: (target: unknown) => panels.actOn('pin', target),
    [commandIds.copySubjectLink]: (target: unknown) => panels.actOn('copyLink', target),
  };
}
