import { createTooLargeProblem } from '../../network/budget.ts';
import type { Column } from '../catalog.ts';
import type { ObjectColumns } from './object-columns.ts';
import type { ParquetAnnotation, ParquetElement } from './parquet-elements.ts';

interface ParquetNode {
  readonly element: ParquetElement;
  readonly children: readonly ParquetNode[];
  /** Whether the node or a child has a type that this reader does not know. */
  readonly unknown: boolean;
}

/** The geo columns that GeoParquet metadata names, each with its type if the physical type does not say it. */
type GeoColumnTypes = ReadonlyMap<string, string | undefined>;

/** Builds columns from elements in depth-first order, each with the number of its children. The root is not a column. */
export const buildParquetColumns = (
  elements: readonly ParquetElement[],
  geoTypes: GeoColumnTypes = new Map(),
): Pick<ObjectColumns, 'columns' | 'unknownTypes'> => {
  const nodes = buildParquetTree(elements).children;
  return {
    columns: nodes.map((node, index) => ({
      name: node.element.name,
      ...toParquetType(node, geoTypes),
      nullable: ['OPTIONAL', undefined].includes(node.element.repetition),
      default: null,
      generated: null,
      comment: null,
      position: index + 1,
    })),
    unknownTypes: nodes.filter(({ unknown }) => unknown).length,
  };
};

const buildParquetTree = (elements: readonly ParquetElement[]): ParquetNode => {
  let at = 0;
  const buildNode = (depth: number): ParquetNode => {
    const element = elements[at];
    at += 1;
    if (!element) throw new Error('expected a tree of elements');
    if (depth > MAX_PARQUET_DEPTH) throw createTooLargeProblem();
    const children: ParquetNode[] = [];
    for (let left = element.children; left > 0; left -= 1) children.push(buildNode(depth + 1));
    const unknown =
      element.unknown || children.some((child) => child.unknown) || isMalformedGroup(element, children);
    return { element, children, unknown };
  };
  return buildNode(0);
};

const MAX_PARQUET_DEPTH = 100;
const MAX_PARQUET_TYPE_CHARACTERS = 2000;

const toParquetType = (node: ParquetNode, geoTypes: GeoColumnTypes): Pick<Column, 'type' | 'kind'> => {
  const { name, physical, annotation } = node.element;
  const type = renderParquetType(node).slice(0, MAX_PARQUET_TYPE_CHARACTERS);
  if (!geoTypes.has(name)) return { type, kind: toParquetColumnKind(node) };
  const isPlain = physical === 'BYTE_ARRAY' && !annotation;
  return { type: (isPlain ? geoTypes.get(name) : undefined) ?? type, kind: 'geo' };
};

/** Renders a type in Parquet's own words, and nested types as Hive and Spark spell them: `array<struct<city: STRING>>`. */
const renderParquetType = (node: ParquetNode): string => {
  const item = findListItem(node);
  if (item) return `array<${renderParquetType(item)}>`;
  const pair = findMapPair(node);
  if (pair) return `map<${pair.map(renderParquetType).join(', ')}>`;
  const { element, children } = node;
  const { annotation, physical, length } = element;
  if (children.length > 0)
    return isVariant(annotation) ? renderAnnotation(annotation) : renderStruct(children);
  if (annotation && !isListOrMap(element)) return renderAnnotation(annotation);
  return physical === 'FIXED_LEN_BYTE_ARRAY' ? `${physical}(${length ?? 0})` : (physical ?? 'struct<>');
};

const renderAnnotation = ({ name, parameters }: ParquetAnnotation): string =>
  parameters.length === 0 ? name : `${name}(${parameters.join(',')})`;

/** Whether a group is one value for its readers: https://github.com/apache/parquet-format/blob/master/VariantEncoding.md */
const isVariant = (annotation: ParquetAnnotation | undefined): annotation is ParquetAnnotation =>
  annotation?.name === 'VARIANT';

/** Stops once the text is longer than a type in the catalog may be. */
const renderStruct = (children: readonly ParquetNode[]): string => {
  let fields = '';
  for (const child of children) {
    if (fields.length > MAX_PARQUET_TYPE_CHARACTERS) break;
    fields += `${fields && ', '}${child.element.name}: ${renderParquetType(child)}`.slice(
      0,
      MAX_PARQUET_TYPE_CHARACTERS,
    );
  }
  return `struct<${fields}>`;
};

/**
 * Whether a list or map does not have the structure of one, so that its physical structure is shown. MAP_KEY_VALUE does not count: it may
 * also annotate the repeated group inside a map.
 */
const isMalformedGroup = (element: ParquetElement, children: readonly ParquetNode[]): boolean =>
  isListOrMap(element) && !findOnlyRepeated(children) && element.annotation?.name !== 'MAP_KEY_VALUE';

const isListOrMap = (element: ParquetElement): boolean =>
  element.annotation?.name === 'LIST' || isMapElement(element);

const findOnlyRepeated = ([only, another]: readonly ParquetNode[]): ParquetNode | undefined =>
  only?.element.repetition === 'REPEATED' && !another ? only : undefined;

/**
 * Finds the item of a list, in any form that writers use. For an element that is only repeated, this is the element itself; for a map without
 * values, it is the key. https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists
 */
const findListItem = (node: ParquetNode): ParquetNode | undefined => {
  const { element, children } = node;
  if (element.repetition === 'REPEATED') return toRequiredNode(node);
  const repeated = findOnlyRepeated(children);
  if (!repeated) return undefined;
  const [only, another] = repeated.children;
  if (isMapElement(element)) return only && !another ? only : undefined;
  if (element.annotation?.name !== 'LIST') return undefined;
  const { name, annotation } = repeated.element;
  const isItem =
    !only ||
    another !== undefined ||
    only.element.repetition === 'REPEATED' ||
    annotation !== undefined ||
    name === 'array' ||
    name === `${element.name}_tuple`;
  return isItem ? toRequiredNode(repeated) : only;
};

const toRequiredNode = ({ element, ...node }: ParquetNode): ParquetNode => ({
  ...node,
  element: { ...element, repetition: 'REQUIRED' },
});

const isMapElement = ({ annotation }: ParquetElement) =>
  annotation?.name === 'MAP' || annotation?.name === 'MAP_KEY_VALUE';

const findMapPair = ({ element, children }: ParquetNode): readonly ParquetNode[] | undefined => {
  const entry = isMapElement(element) ? findOnlyRepeated(children) : undefined;
  return entry?.children.length === 2 ? entry.children : undefined;
};

const toParquetColumnKind = (node: ParquetNode): Column['kind'] => {
  const { annotation, physical } = node.element;
  if (findListItem(node)) return 'array';
  if (node.children.length > 0) return 'json';
  if (annotation && !isListOrMap(node.element)) return parquetColumnKinds[annotation.name] ?? 'other';
  return physical === undefined ? 'json' : (parquetColumnKinds[physical] ?? 'other');
};

const parquetColumnKinds: Readonly<Record<string, Column['kind']>> = {
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
