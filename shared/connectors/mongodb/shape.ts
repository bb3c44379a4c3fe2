import { Problem } from '../../problem.ts';

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
  /** Whether there were more fields than are kept. */
  cut(): boolean;
}

/** BSON's binary of the subtypes 3 and 4; a number of our own. */
export const uuid = 0x105;

/** Documents are walked as they came, without making objects of them: only names and types are looked at. https://bsonspec.org/spec.html */
export const createShape = (): Shape => {
  const root = nodeOf(Buffer.alloc(0));
  let documents = 0;
  let nodes = 0;
  let cut = false;

  /** The field of that name; fields mostly come in the same order, so the next one is looked at first. */
  const fieldAt = (parent: Node, expected: number, bytes: Buffer, from: number, to: number): number => {
    const next = parent.fields[expected];
    if (next && isName(next.key, bytes, from, to)) return expected;
    const name = bytes.toString('utf8', from, to);
    const known = parent.places.get(name);
    if (known !== undefined) return known;
    if (nodes >= mostFields) {
      cut = true;
      return -1;
    }
    nodes++;
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
      const nameAt = at + 1;
      const valueAt = bytes.indexOf(0, nameAt) + 1;
      if (valueAt === 0 || valueAt > end) throw foreign();
      const type = typeAt(bytes, at, valueAt);
      const place = fieldAt(node, expected, bytes, nameAt, valueAt - 1);
      const field = node.fields[place];
      if (field) {
        expected = place + 1;
        note(field, type);
        if (depth < deepest) {
          if (type === object) walk(bytes, valueAt, field, depth + 1);
          if (type === array) walkItems(bytes, valueAt, field, depth + 1);
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
      const valueAt = bytes.indexOf(0, at + 1) + 1;
      if (valueAt === 0 || valueAt > end) throw foreign();
      const type = typeAt(bytes, at, valueAt);
      node.items.set(type, (node.items.get(type) ?? 0) + 1);
      if (type === object && depth < deepest) walk(bytes, valueAt, node, depth + 1);
      at = valueAt + sizeOf(bytes, type, valueAt);
      if (at >= end) throw foreign();
    }
  };

  return {
    see: (document) => {
      documents++;
      walk(Buffer.from(document.buffer, document.byteOffset, document.byteLength), 0, root, 0);
    },
    documents: () => documents,
    fields: () => root.fields,
    cut: () => cut,
  };
};

/** Whose field names are data has a new one in every document. */
const mostFields = 2000;
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

const object = 3;
const array = 4;
const binary = 5;

const typeAt = (bytes: Buffer, at: number, valueAt: number): number => {
  const type = bytes.readUInt8(at);
  if (type !== binary || valueAt + 5 > bytes.length) return type;
  const subtype = bytes[valueAt + 4];
  return subtype === 3 || subtype === 4 ? uuid : type;
};

/** Where the document ends that begins there. */
const endOf = (bytes: Buffer, start: number, within: number): number => {
  if (start + 5 > within) throw foreign();
  const end = start + bytes.readInt32LE(start);
  if (end < start + 5 || end > within || bytes[end - 1] !== 0) throw foreign();
  return end;
};

const fixed: Readonly<Record<number, number>> = {
  1: 8,
  6: 0,
  7: 12,
  8: 1,
  9: 8,
  10: 0,
  16: 4,
  17: 8,
  18: 8,
  19: 16,
  127: 0,
  255: 0,
};

/** Of those whose size begins with a length, what there is besides. */
const counted: Readonly<Record<number, number>> = {
  2: 4,
  3: 0,
  4: 0,
  5: 5,
  [uuid]: 5,
  12: 16,
  13: 4,
  14: 4,
  15: 0,
};

const sizeOf = (bytes: Buffer, type: number, at: number): number => {
  const size = fixed[type];
  if (size !== undefined) return size;
  const besides = counted[type];
  if (besides !== undefined) {
    const length = at + 4 <= bytes.length ? bytes.readInt32LE(at) : -1;
    if (length < 0) throw foreign();
    return besides + length;
  }
  // A regular expression: two texts.
  const second = type === 11 ? bytes.indexOf(0, at) + 1 : 0;
  const end = second === 0 ? 0 : bytes.indexOf(0, second) + 1;
  if (end === 0) throw foreign();
  return end - at;
};

const foreign = () => new Problem('protocol-mismatch', 'Expected documents in BSON');
