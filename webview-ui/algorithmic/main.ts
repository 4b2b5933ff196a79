/** Entry of the algorithmic panel's page. */
import { startPanel } from '../shared/startPanel.ts';
import { AlgorithmicView } from './algorithmicView.ts';

void startPanel('mechanist-algorithmic', AlgorithmicView);
