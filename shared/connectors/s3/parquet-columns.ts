import { tooLarge } from '../../network/budget.ts';
import type { Column } from '../catalog.ts';
import type { Reading } from './columns.ts';
import type { Annotation, Element } from './elements.ts';

interface Node {
  readonly element: Element;
  readonly children: readonly Node[];
  /** Whether the node or a child has a type that this reader does not know. */
  readonly unknown: boolean;
}

/** The geo columns that GeoParquet metadata names, each with its type if the physical type does not say it. */
type Places = ReadonlyMap<string, string | undefined>;

/** Builds columns from elements in depth-first order, each with the number of its children. The root is not a column. */
export const buildColumns = (
  elements: readonly Element[],
  places: Places = new Map(),
): Pick<Reading, 'columns' | 'unknownTypes'> => {
  const nodes = readTree(elements).children;
  return {
    columns: nodes.map((node, index) => ({
      name: node.element.name,
      ...typeIn(node, places),
      nullable: ['OPTIONAL', undefined].includes(node.element.repetition),
      default: null,
      generated: null,
      comment: null,
      position: index + 1,
    })),
    unknownTypes: nodes.filter(({ unknown }) => unknown).length,
  };
};

const readTree = (elements: readonly Element[]): Node => {
  let at = 0;
  const next = (depth: number): Node => {
    const element = elements[at];
    at += 1;
    if (!element) throw new Error('expected a tree of elements');
    if (depth > deepest) throw tooLarge();
    const children: Node[] = [];
    for (let left = element.children; left > 0; left -= 1) children.push(next(depth + 1));
    const unknown =
      element.unknown || children.some((child) => child.unknown) || isMisshapen(element, children);
    return { element, children, unknown };
  };
  return next(0);
};

const deepest = 100;
const longestType = 2000;

const typeIn = (node: Node, places: Places): Pick<Column, 'type' | 'kind'> => {
  const { name, physical, annotation } = node.element;
  const type = typeOf(node).slice(0, longestType);
  if (!places.has(name)) return { type, kind: kindOf(node) };
  const isPlain = physical === 'BYTE_ARRAY' && !annotation;
  return { type: (isPlain ? places.get(name) : undefined) ?? type, kind: 'geo' };
};

/** Renders a type in Parquet's own words, and nested types as Hive and Spark spell them: `array<struct<city: STRING>>`. */
const typeOf = (node: Node): string => {
  const item = itemOf(node);
  if (item) return `array<${typeOf(item)}>`;
  const pair = pairOf(node);
  if (pair) return `map<${pair.map(typeOf).join(', ')}>`;
  const { element, children } = node;
  const { annotation, physical, length } = element;
  if (children.length > 0) return isValue(annotation) ? spell(annotation) : structOf(children);
  if (annotation && !isOfGroups(element)) return spell(annotation);
  return physical === 'FIXED_LEN_BYTE_ARRAY' ? `${physical}(${length ?? 0})` : (physical ?? 'struct<>');
};

const spell = ({ name, parameters }: Annotation): string =>
  parameters.length === 0 ? name : `${name}(${parameters.join(',')})`;

/** Whether a group is one value for its readers: https://github.com/apache/parquet-format/blob/master/VariantEncoding.md */
const isValue = (annotation: Annotation | undefined): annotation is Annotation =>
  annotation?.name === 'VARIANT';

/** Stops once the text is longer than a type in the catalog may be. */
const structOf = (children: readonly Node[]): string => {
  let fields = '';
  for (const child of children) {
    if (fields.length > longestType) break;
    fields += `${fields && ', '}${child.element.name}: ${typeOf(child)}`.slice(0, longestType);
  }
  return `struct<${fields}>`;
};

/**
 * Whether a list or map does not have the structure of one, so that its physical structure is shown. MAP_KEY_VALUE does not count: it may
 * also annotate the repeated group inside a map.
 */
const isMisshapen = (element: Element, children: readonly Node[]): boolean =>
  isOfGroups(element) && !onlyRepeated(children) && element.annotation?.name !== 'MAP_KEY_VALUE';

const isOfGroups = (element: Element): boolean => element.annotation?.name === 'LIST' || isMap(element);

const onlyRepeated = ([only, another]: readonly Node[]): Node | undefined =>
  only?.element.repetition === 'REPEATED' && !another ? only : undefined;

/**
 * Finds the item of a list, in any form that writers use. For an element that is only repeated, this is the element itself; for a map without
 * values, it is the key. https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists
 */
const itemOf = (node: Node): Node | undefined => {
  const { element, children } = node;
  if (element.repetition === 'REPEATED') return once(node);
  const repeated = onlyRepeated(children);
  if (!repeated) return undefined;
  const [only, another] = repeated.children;
  if (isMap(element)) return only && !another ? only : undefined;
  if (element.annotation?.name !== 'LIST') return undefined;
  const { name, annotation } = repeated.element;
  const isItem =
    !only ||
    another !== undefined ||
    only.element.repetition === 'REPEATED' ||
    annotation !== undefined ||
    name === 'array' ||
    name === `${element.name}_tuple`;
  return isItem ? once(repeated) : only;
};

const once = ({ element, ...node }: Node): Node => ({
  ...node,
  element: { ...element, repetition: 'REQUIRED' },
});

const isMap = ({ annotation }: Element) => annotation?.name === 'MAP' || annotation?.name === 'MAP_KEY_VALUE';

const pairOf = ({ element, children }: Node): readonly Node[] | undefined => {
  const entry = isMap(element) ? onlyRepeated(children) : undefined;
  return entry?.children.length === 2 ? entry.children : undefined;
};

const kindOf = (node: Node): Column['kind'] => {
  const { annotation, physical } = node.element;
  if (itemOf(node)) return 'array';
  if (node.children.length > 0) return 'json';
  if (annotation && !isOfGroups(node.element)) return kinds[annotation.name] ?? 'other';
  return physical === undefined ? 'json' : (kinds[physical] ?? 'other');
};

const kinds: Readonly<Record<string, Column['kind']>> = {
  BOOLEAN: 'boolean',
  INT32: 'integer',
  INT64: 'integer',
  INT96: 'timestamp', // Impala and Spark used it before there was a timestamp type
  FLOAT: 'float',
  DOUBLE: 'float',
  BYTE_ARRAY: 'binary',
  FIXED_LEN_BYTE_ARRAY: 'binary',
  STRING: 'string',
  UTF8: 'string',
  ENUM: 'string',
  DECIMAL: 'decimal',
  DATE: 'date',
  TIME: 'time',
  TIME_MILLIS: 'time',
  TIME_MICROS: 'time',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_MILLIS: 'timestamp',
  TIMESTAMP_MICROS: 'timestamp',
  INTEGER: 'integer',
  UINT_8: 'integer',
  UINT_16: 'integer',
  UINT_32: 'integer',
  UINT_64: 'integer',
  INT_8: 'integer',
  INT_16: 'integer',
  INT_32: 'integer',
  INT_64: 'integer',
  JSON: 'json',
  BSON: 'json',
  VARIANT: 'json',
  UUID: 'uuid',
  FLOAT16: 'float',
  GEOMETRY: 'geo',
  GEOGRAPHY: 'geo',
};
