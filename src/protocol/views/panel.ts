/**
 * The conversation between a panel's page and the extension host: envelopes of `wire.ts`, a `Peer` at either end. A page
 * calls the engine's methods that its panel is allowed to, which the host forwards, and the host's own methods below.
 * Whatever a page sends is validated with these schemas.
 */
import * as v from 'valibot';
import { isMethod } from '../methods.ts';
import type { MethodName, ModelSummary } from '../methods.ts';
import type { WrittenLabel } from '../methods/labelResults.ts';
import { askedQuestionSchema } from './algorithmic.ts';
import { figureSchema } from './figure.ts';

export const panelKinds = ['semantic', 'algorithmic'] as const;
export type PanelKind = (typeof panelKinds)[number];

/** Areas (what stands before the dot) and single methods of the engine that a panel's page may call. */
const allowed: Readonly<Record<PanelKind, { readonly areas: readonly string[]; readonly methods: readonly string[] }>> = {
  semantic: { areas: ['semantic'], methods: ['text.inspect', 'text.paint'] },
  algorithmic: {
    areas: ['question', 'lens', 'dla', 'attention', 'sweep', 'circuit', 'pairs', 'graph'],
    methods: ['text.inspect', 'text.lens', 'semantic.feature', 'semantic.features', 'semantic.effect', 'semantic.stores', 'semantic.label.set', 'findings.run'],
  },
};

/** What the host asks the engine on a page's behalf, with a language model between them. */
const hostsOwn: ReadonlySet<string> = new Set(['semantic.label.write']);

export function mayCall(panel: PanelKind, method: string): method is MethodName {
  const { areas, methods } = allowed[panel];
  return isMethod(method) && !hostsOwn.has(method) && (methods.includes(method) || areas.includes(method.split('.')[0]!));
}

/** Methods that write into the workspace; refused where the workspace is not trusted. */
const writers: ReadonlySet<string> = new Set([
  'semantic.harvest', 'semantic.label.set', 'semantic.train', 'semantic.export', 'semantic.import', 'lens.train', 'probe.train',
]);

/** A method that writes, or that writes with these parameters. */
export function writes(method: MethodName, params: unknown): boolean {
  const { save, labels, path } = (params ?? {}) as { readonly save?: unknown; readonly labels?: unknown; readonly path?: unknown };
  return writers.has(method) || (method === 'graph.export' && path !== undefined) || (method === 'semantic.label.auto' && save === true) || (method === 'semantic.label.score' && labels !== undefined);
}

/** What can be done with a subject, the same in every view. */
export const subjectActions = ['open', 'paint', 'ablate', 'steer', 'findCircuits', 'pin', 'copyLink'] as const;
export type SubjectAction = (typeof subjectActions)[number];

const index = v.pipe(v.number(), v.integer(), v.minValue(0));
const word = v.pipe(v.string(), v.minLength(1), v.maxLength(500));
const filePath = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));
const megabytes = (count: number): number => count * 1_000_000;

/** A subject as pages, menus and commands pass it on. `dictionary` and `feature` make it paintable. */
export const subjectSchema = v.object({
  /** `mechanist:feature/fable-4l/blocks.2.hook_resid_post/137` */
  subject: v.pipe(v.string(), v.startsWith('mechanist:'), v.maxLength(1000)),
  kind: v.picklist(['feature', 'head', 'layer', 'neuron', 'component', 'token', 'edge', 'circuit']),
  /** Its name for people. */
  label: v.optional(v.pipe(v.string(), v.maxLength(1000))),
  /** Key of the open dictionary, for features. */
  dictionary: v.optional(word),
  feature: v.optional(index),
});
export type Subject = v.InferOutput<typeof subjectSchema>;

const number = v.pipe(v.number(), v.finite());
const record = v.record(v.string(), v.unknown());

/** A measurement as a page hands it to a finding: the number, its control, and how to run it again. The host adds date and models. */
const measurement = v.object({
  /** Method and version: `ablation.feature@1`. */
  method: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+@[1-9]\d{0,3}$/)),
  metric: v.pipe(v.string(), v.minLength(1), v.maxLength(200)), unit: v.optional(v.pipe(v.string(), v.maxLength(40))),
  value: number, interval: v.optional(v.tuple([number, number])),
  control: v.optional(v.object({ name: v.pipe(v.string(), v.minLength(1), v.maxLength(200)), value: number, interval: v.optional(v.tuple([number, number])) })),
  /** Those that were used, by name and hash. When it does not say, the open one is meant for evidence about features. */
  dictionaries: v.optional(v.pipe(v.array(v.object({ id: word, hash: v.pipe(v.string(), v.regex(/^[0-9a-f]{16,64}$/)) })), v.maxLength(8))),
  inputs: v.optional(record), parameters: v.optional(record), seed: v.optional(index), measures: v.optional(v.record(v.string(), number)),
});

export const pinSchema = v.object({
  claim: v.optional(v.pipe(v.string(), v.maxLength(4000))),
  subjects: v.pipe(v.array(subjectSchema), v.minLength(1), v.maxLength(200)),
  evidence: v.optional(v.pipe(v.array(measurement), v.maxLength(50)), []),
  /** What a feature is measured on where no evidence is given; the line in the editor, if this is not either. */
  text: v.optional(v.pipe(v.string(), v.maxLength(4000))),
  /** What the page shows of it. */
  figure: v.optional(figureSchema),
  /** Larger data behind the figure, kept as a file beside it: a graph as JSON. */
  data: v.optional(v.pipe(v.string(), v.maxLength(megabytes(20)))),
});
export type Pin = v.InferOutput<typeof pinSchema>;

/** What the host answers itself. */
export const panelSchemas = {
  /** The first thing a page asks: where it is. Later changes come as the event `context`. */
  'panel.start': v.object({}),
  'panel.act': v.object({ action: v.picklist(subjectActions), subject: subjectSchema }),
  /** Opens a finding about these subjects, with the evidence that is passed. Answers whether it was pinned: the user is asked where to. */
  'panel.pin': pinSchema,
  /** Shows a place of a file (or an open document's URI) in the editor; offsets are UTF-16 units. */
  'panel.goTo': v.object({ file: filePath, start: index, end: index }),
  /** Findings that are about a subject or name it. */
  'panel.findings': v.object({ subject: v.pipe(v.string(), v.startsWith('mechanist:'), v.maxLength(1000)) }),
  /** Grades of the findings about a dictionary's features; ids as in subjects. */
  'panel.grades': v.object({ model: word, dictionary: word }),
  'panel.copy': v.object({ text: v.pipe(v.string(), v.maxLength(megabytes(20))) }),
  /** Asks where to, and writes. Answers the path, or null if the user thought better of it. */
  'panel.save': v.object({
    name: v.pipe(v.string(), v.regex(/^[\w. ()#-]{1,120}$/)),
    content: v.union([v.pipe(v.string(), v.maxLength(megabytes(50))), v.pipe(v.instance(ArrayBuffer), v.check((bytes) => bytes.byteLength <= megabytes(50)))]),
  }),
  /** Lets the user choose files or folders; a page gets to know no other paths. */
  'panel.pick': v.object({
    what: v.picklist(['files', 'file', 'folder', 'filesOrFolders', 'saveAs']), title: word,
    extensions: v.optional(v.pipe(v.array(v.pipe(v.string(), v.regex(/^\w+$/))), v.maxLength(50)), []),
    name: v.optional(v.pipe(v.string(), v.maxLength(200))),
  }),
  /**
   * Has a language model write a label for a feature, or judge the one that is passed: one that VS Code offers and the
   * user chooses, or the local endpoint of the settings. Nothing is saved. Progress: `WritingProgress`.
   */
  'panel.label.write': v.object({
    by: v.picklist(['languageModel', 'endpoint']), model: word, dictionary: word, store: v.optional(filePath), labels: v.optional(filePath), feature: index,
    label: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(1000))),
  }),
  /** Shows one of the extension's settings. */
  'panel.openSetting': v.object({ name: v.picklist(['labels.endpoint', 'labels.model']) }),
  'panel.useModel': v.object({ model: word }),
  'panel.useDictionary': v.object({ dictionary: word }),
  'panel.openModel': v.object({}),
  'panel.openDictionary': v.object({}),
  /** Makes a dictionary folder known that a job has written. */
  'panel.addDictionary': v.object({ path: filePath }),
  'panel.restartEngine': v.object({}),
  /** A link of a dictionary's metadata; the user is asked by VS Code before a browser opens. */
  'panel.openLink': v.object({ url: v.pipe(v.string(), v.url(), v.startsWith('https://'), v.maxLength(2000)) }),
  /** Starts a job that goes on while the page is hidden. Its course comes as events `job`, and with `panel.start`. */
  'panel.job.start': v.object({ id: word, method: word, params: v.record(v.string(), v.unknown()) }),
  'panel.job.cancel': v.object({ id: word }),
  /** Forgets a job that has ended. */
  'panel.job.dismiss': v.object({ id: word }),
} as const;
export type PanelMethod = keyof typeof panelSchemas;
export type PanelParams<M extends PanelMethod> = v.InferInput<(typeof panelSchemas)[M]>;
export type ParsedPanelParams<M extends PanelMethod> = v.InferOutput<(typeof panelSchemas)[M]>;

export interface PanelResults {
  'panel.start': PanelStart;
  'panel.act': null;
  'panel.pin': boolean;
  'panel.goTo': null;
  'panel.findings': readonly FindingMention[];
  'panel.grades': readonly FeatureGrade[];
  'panel.copy': null;
  'panel.save': string | null;
  'panel.pick': readonly string[];
  'panel.label.write': WrittenLabel;
  'panel.openSetting': null;
  'panel.useModel': null;
  'panel.useDictionary': null;
  'panel.openModel': null;
  'panel.openDictionary': null;
  'panel.addDictionary': null;
  'panel.restartEngine': null;
  'panel.openLink': null;
  'panel.job.start': null;
  'panel.job.cancel': null;
  'panel.job.dismiss': null;
}

/** A finding that names a subject. `grade`: 0 (nothing yet) to 4. */
export interface FindingMention {
  readonly title: string;
  readonly kind: string;
  readonly grade: number;
  /** What became of its evidence when it was last run again. */
  readonly state: string | undefined;
  /** Circuits that it is about as well. */
  readonly circuits: readonly string[];
  /** URI of the note, and where in it the subject is named, UTF-16 units. */
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

export interface FeatureGrade {
  readonly feature: number;
  readonly grade: number;
}

/** How far a model is that is opened because a view needs one. */
export type OpeningState = { readonly kind: 'none' | 'running' } | { readonly kind: 'failed'; readonly message: string };

export interface PanelContext {
  readonly engine: { readonly kind: 'idle' | 'starting' | 'ready' } | { readonly kind: 'failed'; readonly reason: string };
  readonly opening: OpeningState;
  readonly trusted: boolean;
  readonly models: readonly ModelSummary[];
  /** Keys of the model and dictionary that are in use. */
  readonly model: string | undefined;
  readonly dictionary: string | undefined;
  /** Absolute paths in the workspace; undefined without a folder on disk. */
  readonly folders: { readonly labels: string; readonly stores: string; readonly dictionaries: string } | undefined;
}

const selectionSchema = v.object({
  text: v.pipe(v.string(), v.maxLength(200_000)),
  /** URI of the document and where in it. */
  document: v.pipe(v.string(), v.maxLength(4096)), start: index, end: index,
});
export type EditorSelection = v.InferOutput<typeof selectionSchema>;

/** What a panel is asked to show: a subject, what to do with it, a text to work on. */
export const showRequestSchema = v.object({
  subject: v.optional(subjectSchema),
  action: v.optional(v.picklist(subjectActions)),
  selection: v.optional(selectionSchema),
  /** The selection is a line of a prompt-pair file, all of whose pairs are measured. */
  allPairs: v.optional(v.boolean()),
  /** A part of the view by its name, and a file for it. */
  part: v.optional(word), file: v.optional(filePath),
  /** For the algorithmic panel. */
  question: v.optional(askedQuestionSchema),
});
export type ShowRequest = v.InferOutput<typeof showRequestSchema>;

export interface PanelJob {
  readonly id: string;
  readonly method: MethodName;
  readonly params: Readonly<Record<string, unknown>>;
  readonly state: 'running' | 'done' | 'cancelled' | 'failed';
  /** The latest report; `history` has earlier ones, thinned to at most 400. */
  readonly progress: unknown;
  readonly history: readonly unknown[];
  readonly result?: unknown;
  readonly message?: string;
}

export interface PanelStart {
  readonly context: PanelContext;
  readonly selection: EditorSelection | undefined;
  readonly show: ShowRequest | undefined;
  readonly jobs: readonly PanelJob[];
}

/** Events from the host. */
export interface PanelEvents {
  readonly context: PanelContext;
  readonly selection: EditorSelection | undefined;
  readonly show: ShowRequest;
  /** `history` is empty here: the page has it from the reports before. */
  readonly job: PanelJob;
  readonly jobGone: { readonly id: string };
  /** Notes have changed: findings and grades may have. */
  readonly findings: null;
}

/** Events from a page. */
export const pageEventSchemas = {
  /** What a person asked for and no part of the page shows the failure of: told as an error message. */
  failure: v.object({ message: v.pipe(v.string(), v.minLength(1), v.maxLength(2000)) }),
  /** An error or a violation of the content security policy, for the log. */
  problem: v.object({ message: v.pipe(v.string(), v.maxLength(2000)) }),
  /** What the page is about now: title of the tab, and the subject that palette commands mean. */
  about: v.object({ title: v.optional(v.pipe(v.string(), v.maxLength(200))), subject: v.optional(subjectSchema) }),
} as const;
export type PageEvents = { readonly [Name in keyof typeof pageEventSchemas]: v.InferOutput<(typeof pageEventSchemas)[Name]> };

export function isPanelMethod(name: string): name is PanelMethod {
  return Object.hasOwn(panelSchemas, name);
}
