import {
  BSON_ARRAY,
  findBsonDocumentEnd,
  createNotBsonProblem,
  BSON_OBJECT,
  measureBsonValue,
  readBsonType,
} from './bson.ts';

/** A field, as found in the documents so far. */
export interface ShapeField {
  readonly name: string;
  /** The number of documents that have it, also within array elements. */
  readonly documents: number;
  /** The number of values of each type, by BSON type number. */
  readonly types: ReadonlyMap<number, number>;
  /** The same for the elements of its arrays. */
  readonly items: ReadonlyMap<number, number>;
  /** In the order of their first occurrence. */
  readonly fields: readonly ShapeField[];
}

export interface DocumentShape {
  /** Adds a document; throws `protocol-mismatch` when it is not valid BSON. */
  add(document: Uint8Array): void;
  countDocuments(): number;
  listFields(): readonly ShapeField[];
  /** Whether fields are missing because there were too many, or too deep ones. */
  isCut(): boolean;
  /** Whether two fields have one path: one within another field, and one with a dot in its name. */
  isAmbiguous(): boolean;
  /** Whether the limit of values is reached; further values are ignored. */
  isSpent(): boolean;
}

/** Reads only names and types from the bytes of a document, without decoding it to objects. https://bsonspec.org/spec.html */
export const createDocumentShape = (maxValues = MAX_SAMPLE_VALUES): DocumentShape => {
  const root = createShapeNode(Buffer.alloc(0));
  let documents = 0;
  let nodes = 0;
  let cut = false;
  let dotted = false;
  let remaining = maxValues;

  /** Finds or adds a field, and returns its index. Tries the expected index first, because fields mostly have the same order. */
  const findField = (
    parent: ShapeNode,
    expected: number,
    bytes: Buffer,
    from: number,
    to: number,
  ): number => {
    const next = parent.fields[expected];
    if (next && isFieldName(next.key, bytes, from, to)) return expected;
    const name = bytes.toString('utf8', from, to);
    const known = parent.positions.get(name);
    if (known !== undefined) return known;
    if (nodes >= MAX_SHAPE_FIELDS || to - from > MAX_FIELD_NAME_BYTES) {
      cut = true;
      return -1;
    }
    nodes++;
    dotted ||= name.includes('.');
    parent.positions.set(name, parent.fields.length);
    return parent.fields.push(createShapeNode(Buffer.from(bytes.subarray(from, to)))) - 1;
  };

  const countType = (node: ShapeNode, type: number) => {
    node.types.set(type, (node.types.get(type) ?? 0) + 1);
    if (node.last === documents) return;
    node.last = documents;
    node.documents++;
  };

  const walk = (bytes: Buffer, start: number, node: ShapeNode, depth: number): void => {
    const end = findBsonDocumentEnd(bytes, start, bytes.length);
    let expected = 0;
    for (let at = start + 4; bytes[at] !== 0;) {
      if (remaining-- <= 0) return;
      const nameAt = at + 1;
      const valueAt = bytes.indexOf(0, nameAt) + 1;
      if (valueAt === 0 || valueAt > end) throw createNotBsonProblem();
      const type = readBsonType(bytes, at, valueAt);
      const position = findField(node, expected, bytes, nameAt, valueAt - 1);
      const field = node.fields[position];
      if (field) {
        expected = position + 1;
        countType(field, type);
        if (type === BSON_OBJECT || type === BSON_ARRAY) {
          if (depth >= MAX_SHAPE_DEPTH) cut = true;
          else if (type === BSON_OBJECT) walk(bytes, valueAt, field, depth + 1);
          else walkItems(bytes, valueAt, field, depth + 1);
        }
      }
      at = valueAt + measureBsonValue(bytes, type, valueAt);
      if (at >= end) throw createNotBsonProblem();
    }
  };

  /** As in MongoDB's paths, the fields of an array's objects count as fields of the array. */
  const walkItems = (bytes: Buffer, start: number, node: ShapeNode, depth: number): void => {
    const end = findBsonDocumentEnd(bytes, start, bytes.length);
    let at = start + 4;
    for (let item = 0; bytes[at] !== 0 && item < MAX_ARRAY_ITEMS; item++) {
      if (remaining-- <= 0) return;
      const valueAt = bytes.indexOf(0, at + 1) + 1;
      if (valueAt === 0 || valueAt > end) throw createNotBsonProblem();
      const type = readBsonType(bytes, at, valueAt);
      node.items.set(type, (node.items.get(type) ?? 0) + 1);
      if (type === BSON_OBJECT) {
        if (depth < MAX_SHAPE_DEPTH) walk(bytes, valueAt, node, depth + 1);
        else cut = true;
      }
      at = valueAt + measureBsonValue(bytes, type, valueAt);
      if (at >= end) throw createNotBsonProblem();
    }
  };

  return {
    add: (document) => {
      if (remaining <= 0) return;
      documents++;
      walk(Buffer.from(document.buffer, document.byteOffset, document.byteLength), 0, root, 0);
    },
    countDocuments: () => documents,
    listFields: () => root.fields,
    isCut: () => cut,
    isAmbiguous: () => dotted && hasDuplicatePath(root.fields),
    isSpent: () => remaining <= 0,
  };
};

/** Whether two fields have one path. */
const hasDuplicatePath = (fields: readonly ShapeField[], seen = new Set<string>(), inside = ''): boolean =>
  fields.some(({ name, fields: inner }) => {
    const path = `${inside}${name}`;
    if (seen.has(path)) return true;
    seen.add(path);
    return hasDuplicatePath(inner, seen, `${path}.`);
  });

/** Collections that use data as field names have new names in every document. */
const MAX_SHAPE_FIELDS = 2000;
/** Longer names are data, and would prefix the paths of all fields within. */
const MAX_FIELD_NAME_BYTES = 1024;
/** 4 MB of documents have about a quarter of it. */
const MAX_SAMPLE_VALUES = 1_000_000;
const MAX_ARRAY_ITEMS = 1000;
const MAX_SHAPE_DEPTH = 16;

interface ShapeNode extends ShapeField {
  readonly key: Buffer;
  documents: number;
  /** The number of the last document that has it. */
  last: number;
  readonly types: Map<number, number>;
  readonly items: Map<number, number>;
  readonly fields: ShapeNode[];
  readonly positions: Map<string, number>;
}

const createShapeNode = (key: Buffer): ShapeNode => ({
  key,
  name: key.toString('utf8'),
  documents: 0,
  last: 0,
  types: new Map(),
  items: new Map(),
  fields: [],
  positions: new Map(),
});

const isFieldName = (key: Buffer, bytes: Buffer, from: number, to: number): boolean => {
  if (key.length !== to - from) return false;
  for (let i = 0; i < key.length; i++) if (key[i] !== bytes[from + i]) return false;
  return true;
};
