/** Defines the elements of the algorithmic panel. */
import { define } from '../shared/element.ts';
import { AttentionTab } from './attention/attentionTab.ts';
import { HeadGrid } from './attention/headGrid.ts';
import { CircuitTab } from './circuit/circuitTab.ts';
import { LayersElement } from './circuit/drawingView.ts';
import { CompareTab } from './compare/compareTab.ts';
import { GraphCanvas } from './graph/graphCanvas.ts';
import { GraphList } from './graph/graphList.ts';
import { GraphTab } from './graph/graphTab.ts';
import { NodeCard } from './graph/nodeCard.ts';
import { PinnedView } from './graph/pinnedView.ts';
import { LensTab } from './lens/lensTab.ts';
import { OverviewTab } from './overview/overviewTab.ts';
import { HeatGrid } from './parts/heatGrid.ts';
import { PatchingTab } from './patching/patchingTab.ts';
import { QuestionBar } from './question/questionBar.ts';

export function defineAlgorithmic(): void {
  define('mechanist-question', QuestionBar);
  define('mechanist-overview', OverviewTab);
  define('mechanist-lens', LensTab);
  define('mechanist-attention', AttentionTab);
  define('mechanist-patching', PatchingTab);
  define('mechanist-circuit', CircuitTab);
  define('mechanist-graph-tab', GraphTab);
  define('mechanist-compare', CompareTab);
  define('mechanist-heat-grid', HeatGrid);
  define('mechanist-head-grid', HeadGrid);
  define('mechanist-layers', LayersElement);
  define('mechanist-graph', GraphCanvas);
  define('mechanist-graph-list', GraphList);
  define('mechanist-node-card', NodeCard);
  define('mechanist-pinned', PinnedView);
}
