import { array, endOf, foreign, object, sizeOf, typeAt } from './bson.ts';

/** A field as the documents seen so far have it. */
export interface Field {
  readonly name: string;
  /** How many documents have it, in an element of an array also. */
  readonly documents: number;
  /** How often each type was seen, by its number in BSON. */
  readonly types: ReadonlyMap<number, number>;
  /** The same of its elements, where it is an array. */
  readonly items: ReadonlyMap<number, number>;
  /** In the order in which they were first seen. */
  readonly fields: readonly Field[];
}

export interface Shape {
  /** Adds a document; throws `protocol-mismatch` for what is none. */
  see(document: Uint8Array): void;
  documents(): number;
  fields(): readonly Field[];
  /** Whether there were more fields, or deeper ones, than are kept. */
  cut(): boolean;
  /** Whether a path leads to two fields: one inside of another, and one with a dot in its name. */
  ambiguous(): boolean;
  /** Whether more values came than are looked at: from then on none is. */
  spent(): boolean;
}

/** Documents are walked as they came, without making objects of them: only names and types are looked at. https://bsonspec.org/spec.html */
export const createShape = (mostValues = mostOfASample): Shape => {
  const root = nodeOf(Buffer.alloc(0));
  let documents = 0;
  let nodes = 0;
  let cut = false;
  let dotted = false;
  let left = mostValues;

  /** The field of that name; fields mostly come in the same order, so the next one is looked at first. */
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

  /** As MongoDB's own paths do: the fields of an array's objects are the array's. */
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

/** Whose field names are data has a new one in every document. */
const mostFields = 2000;
/** Bytes. Longer names are data; they would stand before those of all fields inside. */
const longestName = 1024;
/** Four megabytes of documents have a quarter of it. */
const mostOfASample = 1_000_000;
const mostItems = 1000;
const deepest = 16;

interface Node extends Field {
  readonly key: Buffer;
  documents: number;
  /** The document in which it was last seen. */
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
