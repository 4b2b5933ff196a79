/** Entry of the semantic panel's page. */
import { startPanel } from '../shared/startPanel.ts';
import { defineSemanticElements } from './elements.ts';
import { SemanticView } from './semanticView.ts';

defineSemanticElements();
void startPanel('mechanist-semantic', SemanticView);
