/** What is on show: the widget's traits, and filters made by hand. */
import type { ColumnFacts, TableTraits } from '../../core/table';

export const NAMES = [
  'hdu',
  'columns',
  'filter',
  'sort',
  'row',
  'x',
  'y',
  'x_log',
  'y_log',
  'x_flip',
  'y_flip',
  'marks',
  'errors',
  'good_only',
  'period',
  'epoch',
  'height',
  'selection'
] as const satisfies readonly (keyof TableTraits)[];

export type State = Pick<TableTraits, (typeof NAMES)[number]>;

/** Gives the columns on show, in their order. */
export function columnsShown(
  all: readonly ColumnFacts[],
  names: readonly string[]
): readonly ColumnFacts[] {
  if (!names.length) {
    return all;
  }
  return names.flatMap(name => all.filter(column => column.name === name));
}

/** Gives the names with one moved before another; null puts it last. */
export function moved(
  names: readonly string[],
  name: string,
  before: string | null
): readonly string[] {
  const rest = names.filter(other => other !== name);
  const at = before === null ? rest.length : rest.indexOf(before);
  return [...rest.slice(0, at), name, ...rest.slice(at)];
}

/** Gives a name as conditions write it. */
export function quoted(name: string): string {
  const plain =
    /^[A-Za-z_]\w*$/.test(name) && !['and', 'or', 'not', 'in', 'True', 'False'].includes(name);
  return plain ? name : `\`${name}\``;
}

/** Gives the condition that a column lies in a stretch; empty without one. */
export function clauseOf(
  column: string,
  limits: readonly [number | null, number | null] | null
): string {
  const [low, high] = limits ?? [null, null];
  const name = quoted(column);
  if (low !== null && high !== null) {
    return `${low} <= ${name} <= ${high}`;
  }
  return low !== null ? `${name} >= ${low}` : high !== null ? `${name} <= ${high}` : '';
}

/** Gives a filter in which one condition stands for another; what a person wrote stays. */
export function replaced(filter: string, old: string, clause: string): string {
  const parts = filter === old ? [] : filter.split(' & ').filter(part => part !== old);
  const rest = parts.join(' & ').trim();
  if (!clause) {
    return rest;
  }
  if (!rest) {
    return clause;
  }
  // An "or" binds less than the & that joins both.
  const loose = /(\||\bor\b)/.test(rest) && !/^\(.*\)$/.test(rest);
  return `${loose ? `(${rest})` : rest} & ${clause}`;
}
