/** Entry of the semantic panel's page. */
import { startPanel } from '../shared/startPanel.ts';
import { SemanticView } from './semanticView.ts';

void startPanel('mechanist-semantic', SemanticView);
