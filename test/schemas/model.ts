/** The content of a schema, in no particular language. */
export interface Entity {
  readonly name: string;
  readonly fields: readonly Attribute[];
}
export interface Attribute {
  readonly name: string;
  readonly type: Type;
  readonly isOptional: boolean;
  readonly comment: string | undefined;
}
export type Type =
  | { readonly is: 'scalar'; readonly scalar: Scalar }
  | { readonly is: 'enum'; readonly name: string; readonly values: readonly string[] }
  | { readonly is: 'entity'; readonly entity: Entity }
  | { readonly is: 'list'; readonly of: Type }
  | { readonly is: 'map'; readonly of: Type };
export type Scalar = (typeof scalars)[number];

const scalars = [
  'text', 'text', 'text', 'int', 'long', 'long', 'double', 'float', 'flag', 'bytes', 'day', 'time', 'moment', 'moment', 'money', 'uuid',
] as const; // prettier-ignore

export interface Random {
  /** Returns an integer below `most`. */
  readonly number: (most: number) => number;
  readonly pick: <T>(some: readonly [T, ...T[]]) => T;
  /** Returns true once in `times` calls on average. */
  readonly once: (times: number) => boolean;
}

/**
 * Generates numbers that depend only on the seed. https://en.wikipedia.org/wiki/Linear_congruential_generator
 */
export const createRandom = (seed: number): Random => {
  let state = (seed * 2654435761) >>> 0;
  const number = (most: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
  return {
    number,
    pick: (some) => some[number(some.length)] ?? some[0],
    once: (times) => number(times) === 0,
  };
};

const entities: readonly [string, ...string[]] = [
  'Order', 'Customer', 'Shipment', 'Payment', 'Invoice', 'Device', 'Reading', 'Session', 'Ticket', 'Booking', 'Parcel', 'Claim',
]; // prettier-ignore
const parts: readonly [string, ...string[]] = [
  'Address',
  'Line',
  'Price',
  'Contact',
  'Position',
  'Header',
  'Source',
  'Discount',
];
const names: readonly [string, ...string[]] = [
  'id', 'status', 'created_at', 'amount', 'currency', 'email', 'country', 'tags', 'notes', 'version', 'score', 'is_active', 'payload',
  'quantity', 'region', 'reference', 'expires_on', 'weight', 'labels', 'owner', 'history', 'checksum', 'locale', 'channel',
]; // prettier-ignore
const comments: readonly [string, ...string[]] = [
  'As the shop knows it.',
  'In the smallest unit.',
  'Set by the gateway; may change.',
];

/**
 * Makes an entity as people write them: it contains other entities, some of them twice, and may contain
 * itself.
 */
export const makeEntity = (random: Random): Entity => {
  const known: Entity[] = [];
  const make = (name: string, depth: number): Entity => {
    const fields: Attribute[] = [];
    const entity: Entity = { name, fields };
    const count = depth === 0 ? 5 + random.number(9) : 2 + random.number(4);
    const taken = new Set<string>();
    for (let at = 0; at < count; at += 1) {
      const field = random.pick(names);
      if (taken.has(field)) continue;
      taken.add(field);
      fields.push({
        name: field,
        type: makeType(depth),
        isOptional: random.once(3),
        comment: random.once(4) ? random.pick(comments) : undefined,
      });
    }
    known.push(entity);
    if (depth === 0 && random.once(6))
      fields.push({ name: 'parent', type: { is: 'entity', entity }, isOptional: true, comment: undefined });
    return entity;
  };
  let enums = 0;
  const makeType = (depth: number): Type => {
    const kind = random.number(12);
    if (kind === 0)
      return { is: 'list', of: depth < 2 ? makeType(depth + 1) : { is: 'scalar', scalar: 'text' } };
    if (kind === 1) return { is: 'map', of: { is: 'scalar', scalar: random.pick(scalars) } };
    if (kind === 2) {
      enums += 1;
      return {
        is: 'enum',
        name: `Kind${enums}`,
        values: ['UNKNOWN', 'NEW', 'DONE'].map((value) => `${value}_${enums}`),
      };
    }
    if (kind < 5 && depth < 3) {
      const [one] = known;
      if (one && random.once(2)) return { is: 'entity', entity: one };
      return { is: 'entity', entity: make(`${random.pick(parts)}${known.length}${depth}`, depth + 1) };
    }
    return { is: 'scalar', scalar: random.pick(scalars) };
  };
  return make(random.pick(entities), 0);
};
