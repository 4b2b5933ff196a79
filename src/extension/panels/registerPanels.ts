/** The two panels of a window, their serializers, and what can be done with a subject from either of them. */
import { commands, env, l10n, window } from 'vscode';
import type { Uri } from 'vscode';
import * as v from 'valibot';
import type { ModelSource } from '../../protocol/methods.ts';
import { panelKinds, showRequestSchema, subjectSchema } from '../../protocol/views/panel.ts';
import type { PanelKind, Pin, ShowRequest, Subject, SubjectAction } from '../../protocol/views/panel.ts';
import { askedQuestionSchema } from '../../protocol/views/algorithmic.ts';
import { commandIds } from '../commandIds.ts';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import { bringSubject } from '../models/bringSubject.ts';
import type { ActiveModel, OpenModels } from '../models/openModels.ts';
import type { EnginePort } from '../process/enginePort.ts';
import { contextKeys } from '../contextKeys.ts';
import { setContextKey } from '../setContextKey.ts';
import { registerGraphEditor } from './algorithmicGraphEditor.ts';
import { frontSubject } from './frontSubject.ts';
import { editorSelection } from './panelContext.ts';
import { PanelHost } from './panelHost.ts';
import type { PanelActions, PanelFindings } from './panelHandlers.ts';
import { PanelJobs } from './panelJobs.ts';
import { panels } from './panelKinds.ts';

/** The text that a link names beside a subject. */
const measuredOnSchema = v.object({ text: v.pipe(v.string(), v.minLength(1), v.maxLength(4000)) });

export interface PanelsParts {
  readonly extensionUri: Uri;
  readonly engine: EnginePort;
  readonly models: OpenModels;
  /** Opens a model, and shows that it does. */
  readonly open: (source: ModelSource) => Promise<ActiveModel>;
  readonly report: (problem: string) => void;
  readonly findings: PanelFindings;
  /** Puts what is pinned into a finding. */
  readonly pin: (kind: PanelKind, pinned: Pin) => Promise<boolean>;
}

export class Panels implements Disposable {
  private readonly parts: PanelsParts;
  private readonly owned = new Disposables();
  private readonly hosts: Readonly<Record<PanelKind, PanelHost>>;
  /** Editors of graph files. */
  private readonly editors = new Set<PanelHost>();

  constructor(parts: PanelsParts) {
    this.parts = parts;
    const jobs = this.owned.add(new PanelJobs(parts.engine, l10n.t));
    const actionsOf = (kind: PanelKind): PanelActions => ({ act: (action, subject) => this.act(action, subject), pin: (pinned) => parts.pin(kind, pinned) });
    const onSubject = (): void => void setContextKey(contextKeys.subjectShown, this.front() !== undefined);
    const host = (kind: PanelKind): PanelHost => this.owned.add(new PanelHost({ ...parts, kind, jobs, actions: actionsOf(kind), onSubject }));
    this.hosts = { semantic: host('semantic'), algorithmic: host('algorithmic') };
    for (const kind of panelKinds) this.owned.add(window.registerWebviewPanelSerializer(panels[kind].id, this.hosts[kind]));
    this.owned.add(registerGraphEditor({ ...parts, jobs, actions: actionsOf('algorithmic'), onSubject }, this.editors));
  }

  /** `target`: a subject, a request, or nothing. */
  async show(kind: PanelKind, target?: unknown): Promise<void> {
    const request = requestOf(target);
    this.hosts[kind].show(request?.subject === undefined ? request : { ...request, subject: await this.brought(request.subject) });
  }

  /** With the editor's selection as the text to work on. */
  showSelection(kind: PanelKind): void {
    const selection = editorSelection();
    this.hosts[kind].show(selection === undefined ? undefined : { selection });
  }

  /** A part of a panel's view by its name. */
  showPart(kind: PanelKind, part: string): void {
    this.hosts[kind].show({ part });
  }

  /** An action from a menu, which says what about, or from the palette: then the subject of the panel in front. */
  async actOn(action: SubjectAction, target: unknown): Promise<void> {
    const given = v.safeParse(subjectSchema, target);
    const subject = given.success ? given.output : this.front();
    const on = v.safeParse(measuredOnSchema, target);
    if (subject === undefined) throw new Error(l10n.t('Choose a feature, a head or a node in a view first.'));
    await this.act(action, subject, on.success ? on.output.text : undefined);
  }

  dispose(): void {
    this.owned.dispose();
  }

  /** What a view is to show is brought into use first: a link may be about another model or dictionary. `text`: what a pin is measured on. */
  private async act(action: SubjectAction, given: Subject, text?: string): Promise<void> {
    const side = given.kind === 'feature' ? 'semantic' : 'algorithmic';
    switch (action) {
      case 'pin': await this.parts.pin(side, { subjects: [given], evidence: [], ...(text === undefined ? {} : { text }) }); return;
      case 'copyLink': await env.clipboard.writeText(given.subject); return;
      case 'open': await this.show(side, { subject: given }); return;
      case 'paint': await commands.executeCommand(commandIds.paintFeature, await this.brought(given)); return;
      case 'ablate': case 'steer': await this.show(side, { subject: given, action }); return;
      case 'findCircuits': await this.show('algorithmic', { subject: given, action }); return;
    }
  }

  private brought(subject: Subject): Promise<Subject> {
    const { engine, models, open } = this.parts;
    return bringSubject(subject, { engine, models, open, translate: l10n.t });
  }

  private front(): Subject | undefined {
    return frontSubject([this.hosts.semantic, this.hosts.algorithmic, ...this.editors]);
  }
}

function requestOf(target: unknown): ShowRequest | undefined {
  if (typeof target !== 'object' || target === null) return undefined;
  const subject = v.safeParse(subjectSchema, target);
  if (subject.success) return { subject: subject.output };
  const question = v.safeParse(askedQuestionSchema, target);
  if (question.success) return { question: question.output };
  const request = v.safeParse(showRequestSchema, target);
  return request.success ? request.output : undefined;
}
