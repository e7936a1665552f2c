/** What crosses between the layers of classes over a scene and the kernel; mirror of `scene_masks*.py`. */

/** A class of a layer, and how much of the scene has it; null while nobody has counted. */
export interface ClassFacts {
  readonly value: number;
  readonly name: string;
  /** As `#rrggbb`. */
  readonly color: string;
  readonly pixels: number | null;
  /** null too where the pixels do not measure on the ground. */
  readonly hectares: number | null;
  readonly share: number | null;
}

export interface LayerFacts {
  readonly name: string;
  readonly kind: 'scl' | 'cloud' | 'mask';
  readonly visible: boolean;
  readonly opacity: number;
  readonly outline_only: boolean;
  /** Another one, other pixels. */
  readonly version: number;
  readonly classes: readonly ClassFacts[];
  readonly notes: readonly string[];
  /** Of masks: steps that can be taken back, and done again. */
  readonly undo?: number;
  readonly redo?: number;
  readonly unsaved?: boolean;
}

/** What one sets of a layer. */
export interface LayerLooks {
  readonly visible?: boolean;
  readonly opacity?: number;
  readonly outline_only?: boolean;
  readonly colors?: Readonly<Record<string, string>>;
}

export type MaskTool = 'brush' | 'polygon';

/** The synced traits, named as in Python. */
export interface MaskTraits {
  overlays: readonly LayerFacts[];
  masks_panel: boolean;
  masks_visible: boolean;
  /** Name of the mask that the hand paints, or empty. */
  mask_editing: string;
  mask_tool: MaskTool;
  brush_size: number;
  /** 0 erases. */
  brush_value: number;
}

/** Left, bottom, right and top in pixels of the picture; the last two are behind the last pixel. */
export type Edges = readonly [number, number, number, number];

/** x and y in array pixels. */
export type Corner = readonly [number, number];

interface Edited {
  name: string;
  version: number;
}

export interface MaskRequests {
  classes: {
    /** @param date - Whose, of the layers that each scene has of its own. */
    msg: { name: string; box: Edges; step: number; date?: number };
    meta: { name: string; box: Edges; step: number; version: number; shape: number[] };
  };
  overlay_set: { msg: { name: string; values: LayerLooks }; meta: { name: string } };
  mask_new: { msg: { name: string; grades: boolean }; meta: { name: string } };
  mask_add: { msg: { path: string }; meta: { name: string; notes: string[] } };
  mask_remove: { msg: { name: string }; meta: { name: string } };
  mask_paint: {
    /** Parts of one `stroke` are one step. */
    msg: { name: string; points: Corner[]; size: number; value: number; stroke: string };
    meta: Edited;
  };
  mask_fill: { msg: { name: string; points: Corner[]; value: number }; meta: Edited };
  mask_turn: { msg: { name: string; back: boolean }; meta: Edited };
  mask_holes: { msg: { name: string }; meta: Edited };
  mask_save: {
    msg: { name: string; path: string; overwrite: boolean };
    meta: { name: string; path: string; there: boolean };
  };
}
