import { IDataset } from '../answers';
import { Order } from './memory';

/** What a person looks for among the datasets; empty texts for everything. */
export interface IWanted {
  readonly query: string;
  readonly kind: string;
  readonly tag: string;
}

export const EVERYTHING: IWanted = { query: '', kind: '', tag: '' };

/** The datasets that are wanted, in an order. */
export function choose(datasets: readonly IDataset[], wanted: IWanted, order: Order): IDataset[] {
  const words = wanted.query.toLowerCase().split(/\s+/).filter(Boolean);
  return datasets
    .filter(
      dataset =>
        (!wanted.kind || dataset.kind === wanted.kind) &&
        (!wanted.tag || dataset.tags.includes(wanted.tag)) &&
        (words.length === 0 || holds(dataset, words))
    )
    .sort(BY[order]);
}

/** All values of a property, each with how many datasets have it, in the order of the alphabet. */
export function valuesOf(
  datasets: readonly IDataset[],
  property: 'kind' | 'tags'
): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const dataset of datasets) {
    for (const value of property === 'kind' ? [dataset.kind] : dataset.tags) {
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
  }
  return [...counts].sort(([a], [b]) => ALPHABET.compare(a, b));
}

function holds(dataset: IDataset, words: readonly string[]): boolean {
  const { name, kind, format, path, tags } = dataset;
  const text = [name, kind, format, path ?? '', ...tags].join(' ').toLowerCase();
  return words.every(word => text.includes(word));
}

// One for all: a comparison of its own for each pair takes a second for ten thousand names.
const ALPHABET = new Intl.Collator(undefined, { numeric: true });

type Comparison = (a: IDataset, b: IDataset) => number;

const byName: Comparison = (a, b) => ALPHABET.compare(a.name, b.name);

const BY: Record<Order, Comparison> = {
  name: byName,
  // Texts in ISO 8601 and in UTC: their order is that of time.
  newest: (a, b) => (a.added < b.added ? 1 : a.added > b.added ? -1 : byName(a, b)),
  size: (a, b) => b.size - a.size || byName(a, b),
  kind: (a, b) => ALPHABET.compare(a.kind, b.kind) || byName(a, b)
};
