/**
 * What the server's half answers: the mirror of astrodata_lab/routes.py.
 */

/** One dataset of the catalogue. */
export interface IDataset {
  readonly name: string;
  /** Contents-API path, null for a file outside of the server's root. */
  readonly path: string | null;
  readonly kind: string;
  readonly format: string;
  /** As in NumPy: rows before columns. */
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Bytes. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly sha256: string;
  readonly tags: readonly string[];
  /** In UTC, as ISO 8601. */
  readonly added: string;
  /** At a glance, by size and time; the bytes are compared by `Api.verify`. */
  readonly state: 'ok' | 'missing' | 'changed';
}

/** The catalogue, with what tells it from later ones. */
export interface IListing {
  readonly version: string;
  readonly datasets: readonly IDataset[];
  readonly warnings: readonly string[];
}

/** What a hash of all bytes said, in a word and in a sentence. */
export interface IVerification {
  readonly state: IDataset['state'];
  readonly message: string;
}

/** What a file tells of itself. */
export interface IHeader {
  /** Keyword, value and comment, the first of them. */
  readonly cards: readonly (readonly [string, unknown, string])[];
  /** Whether there are more. */
  readonly truncated: boolean;
  /** Names and texts, of formats without cards. */
  readonly facts: readonly (readonly [string, string])[];
  readonly parts: readonly {
    readonly index: number;
    readonly name: string;
    readonly kind: string;
    readonly shape: readonly number[];
  }[];
}

/** A class of a label session. */
export interface ILabelClass {
  readonly name: string;
  /** `#rrggbb`, null where the session has no colour for it. */
  readonly color: string | null;
  /** Labels that it has now. */
  readonly count: number;
}

/** Who labelled in a session, and how much. */
export interface IAnnotator {
  readonly name: string;
  readonly count: number;
  /** Labels of each class, in the order of the session's classes. */
  readonly counts: readonly number[];
}

/** The labels that were given to one dataset for one purpose. */
export interface ILabelSession {
  readonly name: string;
  /** Contents-API path of its folder. */
  readonly path: string;
  /** Name of its dataset, empty when it has none. */
  readonly dataset: string;
  /** What the catalogue has under that name, or with its bytes. */
  readonly source: Pick<IDataset, 'name' | 'path' | 'kind' | 'format' | 'state'> | null;
  readonly classes: readonly ILabelClass[];
  readonly annotators: readonly IAnnotator[];
  /** Classes and annotators that are too many to be listed here. */
  readonly more: { readonly classes: number; readonly annotators: number };
  /** Events that have a label. */
  readonly labelled: number;
  /** Seconds since 1970, null when nobody knows. */
  readonly changed: number | null;
}

export type RunState = 'running' | 'finished' | 'failed' | 'cancelled' | 'lost';
export type StepState =
  'waiting' | 'running' | 'cached' | 'finished' | 'failed' | 'cancelled' | 'skipped';

/** One run of a pipeline. */
export interface IRun {
  readonly id: string;
  readonly pipeline: string;
  /** `lost` for one whose process does not live any more, but that never said that it ended. */
  readonly state: RunState;
  /** From 0 to 1. */
  readonly share: number;
  /** In UTC, as ISO 8601. */
  readonly started: string;
  readonly ended: string | null;
  /** That it took, or takes so far; null where nobody knows. */
  readonly seconds: number | null;
  /** It was asked to end, and has not yet. */
  readonly cancelling: boolean;
  /** The steps that run now, the first of them. */
  readonly running: readonly {
    readonly name: string;
    readonly text: string;
    readonly share: number;
  }[];
  readonly counts: {
    readonly steps: number;
    readonly ended: number;
    readonly computed: number;
    readonly cached: number;
  };
  /** Its run in MLflow, with the address of that or, from the root, its SQLite file. */
  readonly mlflow: {
    readonly run: string;
    readonly address: string | null;
    readonly file: string | null;
  } | null;
}

/** One step of a run. */
export interface IStep {
  readonly name: string;
  readonly block: string;
  readonly stage: string;
  readonly state: StepState;
  readonly share: number;
  readonly text: string;
  readonly seconds: number | null;
  readonly error: string | null;
  /** A number that is not finite is a text. */
  readonly metrics: Readonly<Record<string, number | string>>;
  readonly outputs: Readonly<Record<string, { readonly hash: string; readonly kind: string }>>;
  readonly tests: readonly {
    readonly output: string;
    readonly ok: boolean;
    readonly summary: string;
  }[];
  readonly notes: readonly string[];
}

/** All of one run. */
export interface IRunDetails extends IRun {
  readonly user: string;
  readonly host: string;
  /** With their values as one reads them, and as Python does; null when they are too long for a cell. */
  readonly parameters: readonly IParameter[] | null;
  /** Its YAML, from the root or a whole path: the file, or the copy that the run keeps. */
  readonly again: {
    readonly path: string;
    readonly copy: boolean;
    /** The file that it was read from, where that is not any more what was run. */
    readonly source: string | null;
  } | null;
  readonly steps: readonly IStep[];
  /** Steps that are too many to be listed here. */
  readonly more: number;
  readonly notes: readonly string[];
  readonly error: string | null;
}

export interface IParameter {
  readonly name: string;
  readonly text: string;
  readonly python: string;
}

/** A pipeline that lies in the workspace. */
export interface IPipeline {
  /** Contents-API path of its YAML. */
  readonly path: string;
  readonly name: string;
  readonly description: string;
  readonly parameters: readonly {
    readonly name: string;
    /** Its default as one types it. */
    readonly text: string;
    /** Whether the default is a text: what is typed is then one too. */
    readonly is_text: boolean;
  }[];
  /** Why it cannot be read, null for one that can. */
  readonly problem: string | null;
}

/** A version of a registered model. */
export interface IModelVersion {
  readonly version: number;
  /** Seconds since 1970, null when nobody knows. */
  readonly created: number | null;
  /** In MLflow. */
  readonly run: string | null;
  readonly aliases: readonly string[];
  /** Why an alias points to it. */
  readonly reasons: readonly {
    readonly alias: string;
    readonly reason: string;
    readonly who: string;
    readonly when: string;
  }[];
  /** Hash of the model in the lineage. */
  readonly lineage: string | null;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A registered model. */
export interface IModel {
  readonly name: string;
  readonly changed: number | null;
  /** Of all its versions, of which the newest are listed. */
  readonly count: number;
  readonly versions: readonly IModelVersion[];
}

/** A notebook's file, as nbformat 4 has it. */
export interface INotebook {
  readonly metadata: { kernelspec?: { name: string; display_name: string; language: string } };
  readonly cells: readonly object[];
}

/** What an uploaded file must turn out to be. */
export interface IExpectation {
  readonly size: number;
  readonly sha256: string;
}
