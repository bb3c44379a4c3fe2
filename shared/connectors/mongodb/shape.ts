import { array, endOf, foreign, object, sizeOf, typeAt } from './bson.ts';

/** A field, as found in the documents so far. */
export interface Field {
  readonly name: string;
  /** The number of documents that have it, also within array elements. */
  readonly documents: number;
  /** The number of values of each type, by BSON type number. */
  readonly types: ReadonlyMap<number, number>;
  /** The same for the elements of its arrays. */
  readonly items: ReadonlyMap<number, number>;
  /** In the order of their first occurrence. */
  readonly fields: readonly Field[];
}

export interface Shape {
  /** Adds a document; throws `protocol-mismatch` when it is not valid BSON. */
  see(document: Uint8Array): void;
  documents(): number;
  fields(): readonly Field[];
  /** Whether fields are missing because there were too many, or too deep ones. */
  cut(): boolean;
  /** Whether two fields have one path: one within another field, and one with a dot in its name. */
  ambiguous(): boolean;
  /** Whether the limit of values is reached; further values are ignored. */
  spent(): boolean;
}

/** Reads only names and types from the bytes of a document, without decoding it to objects. https://bsonspec.org/spec.html */
export const createShape = (mostValues = mostOfASample): Shape => {
  const root = nodeOf(Buffer.alloc(0));
  let documents = 0;
  let nodes = 0;
  let cut = false;
  let dotted = false;
  let left = mostValues;

  /** Finds or adds a field, and returns its index. Tries the expected index first, because fields mostly have the same order. */
  const fieldAt = (parent: Node, expected: number, bytes: Buffer, from: number, to: number): number => {
    const next = parent.fields[expected];
    if (next && isName(next.key, bytes, from, to)) return expected;
    const name = bytes.toString('utf8', from, to);
    const known = parent.places.get(name);
    if (known !== undefined) return known;
    if (nodes >= mostFields || to - from > longestName) {
      cut = true;
      return -1;
    }
    nodes++;
    dotted ||= name.includes('.');
    parent.places.set(name, parent.fields.length);
    return parent.fields.push(nodeOf(Buffer.from(bytes.subarray(from, to)))) - 1;
  };

  const note = (node: Node, type: number) => {
    node.types.set(type, (node.types.get(type) ?? 0) + 1);
    if (node.last === documents) return;
    node.last = documents;
    node.documents++;
  };

  const walk = (bytes: Buffer, start: number, node: Node, depth: number): void => {
    const end = endOf(bytes, start, bytes.length);
    let expected = 0;
    for (let at = start + 4; bytes[at] !== 0;) {
      if (left-- <= 0) return;
      const nameAt = at + 1;
      const valueAt = bytes.indexOf(0, nameAt) + 1;
      if (valueAt === 0 || valueAt > end) throw foreign();
      const type = typeAt(bytes, at, valueAt);
      const place = fieldAt(node, expected, bytes, nameAt, valueAt - 1);
      const field = node.fields[place];
      if (field) {
        expected = place + 1;
        note(field, type);
        if (type === object || type === array) {
          if (depth >= deepest) cut = true;
          else if (type === object) walk(bytes, valueAt, field, depth + 1);
          else walkItems(bytes, valueAt, field, depth + 1);
        }
      }
      at = valueAt + sizeOf(bytes, type, valueAt);
      if (at >= end) throw foreign();
    }
  };

  /** As in MongoDB's paths, the fields of an array's objects count as fields of the array. */
  const walkItems = (bytes: Buffer, start: number, node: Node, depth: number): void => {
    const end = endOf(bytes, start, bytes.length);
    let at = start + 4;
    for (let item = 0; bytes[at] !== 0 && item < mostItems; item++) {
      if (left-- <= 0) return;
      const valueAt = bytes.indexOf(0, at + 1) + 1;
      if (valueAt === 0 || valueAt > end) throw foreign();
      const type = typeAt(bytes, at, valueAt);
      node.items.set(type, (node.items.get(type) ?? 0) + 1);
      if (type === object) {
        if (depth < deepest) walk(bytes, valueAt, node, depth + 1);
        else cut = true;
      }
      at = valueAt + sizeOf(bytes, type, valueAt);
      if (at >= end) throw foreign();
    }
  };

  return {
    see: (document) => {
      if (left <= 0) return;
      documents++;
      walk(Buffer.from(document.buffer, document.byteOffset, document.byteLength), 0, root, 0);
    },
    documents: () => documents,
    fields: () => root.fields,
    cut: () => cut,
    ambiguous: () => dotted && hasTwice(root.fields),
    spent: () => left <= 0,
  };
};

/** Whether two fields have one path. */
const hasTwice = (fields: readonly Field[], seen = new Set<string>(), inside = ''): boolean =>
  fields.some(({ name, fields: inner }) => {
    const path = `${inside}${name}`;
    if (seen.has(path)) return true;
    seen.add(path);
    return hasTwice(inner, seen, `${path}.`);
  });

/** Collections that use data as field names have new names in every document. */
const mostFields = 2000;
/** Longer names are data, and would prefix the paths of all fields within. */
const longestName = 1024;
/** 4 MB of documents have about a quarter of it. */
const mostOfASample = 1_000_000;
const mostItems = 1000;
const deepest = 16;

interface Node extends Field {
  readonly key: Buffer;
  documents: number;
  /** The number of the last document that has it. */
  last: number;
  readonly types: Map<number, number>;
  readonly items: Map<number, number>;
  readonly fields: Node[];
  readonly places: Map<string, number>;
}

const nodeOf = (key: Buffer): Node => ({
  key,
  name: key.toString('utf8'),
  documents: 0,
  last: 0,
  types: new Map(),
  items: new Map(),
  fields: [],
  places: new Map(),
});

const isName = (key: Buffer, bytes: Buffer, from: number, to: number): boolean => {
  if (key.length !== to - from) return false;
  for (let i = 0; i < key.length; i++) if (key[i] !== bytes[from + i]) return false;
  return true;
};
