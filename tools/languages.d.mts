/** What languages.mjs gives to tests. */
import type * as typescript from 'typescript';

export interface Text {
  readonly context: string | null;
  readonly text: string;
  readonly plural: string | null;
}

export interface Entry extends Text {
  readonly translations: string[];
}

export interface Po {
  readonly head: string[];
  readonly entries: Entry[];
}

export const DOMAIN: string;
export function keyOf(text: Text): string;
export function textsOfCode(
  ts: typeof typescript,
  name: string,
  source: string
): { texts: Text[]; faults: string[] };
export function textsOfPanel(): Promise<{
  texts: (Text & { readonly files: string[] })[];
  faults: string[];
}>;
export function formsOf(head: readonly string[]): number;
export function readPo(content: string): Po;
export function writePo(po: {
  readonly head: string[];
  readonly entries: (Entry & { readonly files: string[] })[];
}): string;
export function catalogueOf(po: Po, version: string): Record<string, unknown>;
export function catalogues(): [language: string, file: string][];
