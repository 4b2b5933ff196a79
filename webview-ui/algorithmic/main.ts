/** Entry of the algorithmic panel's page. */
import { startPanel } from '../shared/startPanel.ts';
import { AlgorithmicView } from './algorithmicView.ts';
import { defineAlgorithmic } from './elements.ts';

defineAlgorithmic();
void startPanel('mechanist-algorithmic', AlgorithmicView);
