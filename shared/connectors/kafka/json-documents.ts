import { costOfAType, isObject, parseReferred, parseSchema, type Reading, type SchemaText } from './field.ts';

export type Json = Readonly<Record<string, unknown>>;

/** A schema, and the resource that contains it, which its references are relative to. */
export interface Part {
  readonly at: Json;
  readonly within: Resource;
}

/** A document, or a schema with its own `$id`: anything with a URI. */
export interface Resource {
  readonly at: unknown;
  readonly base: string;
  readonly document: Document;
  readonly anchors: Map<string, Json>;
}

interface Document {
  readonly references: SchemaText['references'];
  readonly resources: Map<unknown, Resource>;
  readonly byUri: Map<string, Resource>;
  /** False up to draft-07, where `$ref` replaces all other keywords, and without `$schema`, as Confluent's registry reads it. */
  readonly hasSiblings: boolean;
  readonly reading: Shared;
}

/** Shared by all documents of one schema. */
interface Shared extends Reading {
  readonly known: Map<SchemaText, Resource>;
}

export const openSchema = (schema: SchemaText, reading: Reading): Resource => {
  const shared: Shared = { known: new Map(), ...reading };
  return addDocument(schema, { at: parseSchema(schema.text, reading.budget), base: nowhere }, shared);
};

/** The base URI of a document without one: https://www.rfc-editor.org/rfc/rfc3986#section-5.1.4 */
const nowhere = 'schema:///';

/** Parses each schema once, however many references it has. */
const openReferred = (schema: SchemaText, base: string, reading: Shared): Resource =>
  reading.known.get(schema) ??
  addDocument(schema, { at: parseReferred(schema.text, reading), base }, reading);

const addDocument = (
  schema: SchemaText,
  { at, base }: Pick<Resource, 'at' | 'base'>,
  reading: Shared,
): Resource => {
  const dialect = isObject(at) ? at['$schema'] : undefined;
  if (typeof dialect === 'string' && isUnknown(dialect)) reading.leaveOut('unsupported');
  const document: Document = {
    references: schema.references,
    resources: new Map(),
    byUri: new Map(),
    hasSiblings: typeof dialect === 'string' && /2019-09|2020-12|oas\/3\.1/.test(dialect),
    reading,
  };
  const root = addResource(at, base, document);
  reading.known.set(schema, root);
  addResources(root);
  return root;
};

/** Custom dialects have other URLs, and are read. https://json-schema.org/specification-links */
const isUnknown = (dialect: string): boolean =>
  dialect.includes('//json-schema.org/') && !known.test(dialect);
const known = /^https?:\/\/json-schema\.org\/(draft-0[4-7]\/|draft\/20(19-09|20-12)\/)?(hyper-)?schema#?$/;

const addResource = (at: unknown, base: string, document: Document): Resource => {
  const id = idOf(at);
  const own = (id === undefined ? undefined : resolveUri(id, base)) ?? base;
  const resource: Resource = { at, base: own, document, anchors: new Map() };
  document.resources.set(at, resource);
  document.byUri.set(own, resource);
  return resource;
};

/** Ignores fragments, which are anchors. */
const idOf = (at: unknown): string | undefined => {
  const id = isObject(at) ? (at['$id'] ?? at['id']) : undefined;
  return typeof id === 'string' && id !== '' && !id.startsWith('#') ? id : undefined;
};

/** Adds every schema below a root that has its own identifier. */
const addResources = (root: Resource): void => {
  const { document } = root;
  const rest: { readonly at: unknown; readonly within: Resource; readonly isMap?: boolean }[] = [
    { at: root.at, within: root },
  ];
  for (let one = rest.pop(); one; one = rest.pop()) {
    document.reading.budget.step();
    const { at, isMap = false } = one;
    if (typeof at !== 'object' || at === null) continue;
    const isNew = !isMap && at !== root.at && idOf(at) !== undefined;
    const within = isNew ? addResource(at, one.within.base, document) : one.within;
    if (!isMap && isObject(at)) for (const name of listAnchors(at)) within.anchors.set(name, at);
    for (const [key, value] of Object.entries(at))
      if (isMap || !values.has(key)) rest.push({ at: value, within, isMap: !isMap && maps.has(key) });
  }
};

/** Keywords whose value is data. */
const values = new Set(['enum', 'const', 'default', 'examples', 'example']);
/** Keywords whose value maps names to schemas. */
const maps = new Set(
  'properties patternProperties definitions $defs dependentSchemas dependencies'.split(' '),
);

/** Returns the schema's own resource if it has one, or the one that contains it. */
export const enter = (at: unknown, within: Resource): Resource => within.document.resources.get(at) ?? within;

/** Resolves a reference within the document or in a schema that the registry lists; never fetches a URL. */
export const resolveReference = (reference: string, within: Resource): Part | undefined => {
  const [file = '', fragment = ''] = reference.split('#');
  const resource = file === '' ? within : findResource(file, within);
  const pointer = decodeFragment(fragment);
  if (!resource || pointer === undefined) return undefined;
  return pointer === '' || pointer.startsWith('/')
    ? followPointer(pointer, resource)
    : findAnchor(pointer, resource);
};

const findResource = (file: string, { base, document }: Resource): Resource | undefined => {
  const uri = resolveUri(file, base) ?? file;
  const { byUri, references, reading } = document;
  const embedded = byUri.get(uri);
  if (embedded) return embedded;
  for (const [name, schema] of references) {
    reading.budget.step(costOfAType);
    if (name === file || resolveUri(name, base) === uri) return openReferred(schema, uri, reading);
  }
  if (/^https?:\/\/json-schema\.org\//.test(uri)) return { ...metaSchema, document, anchors: new Map() };
  return [...openAll(document)].find((one) => one.byUri.has(uri))?.byUri.get(uri);
};

/** Opens every reachable document, because a reference may use the identifier of a document that another one lists under a different name. */
const openAll = (document: Document, opened = new Set([document])): ReadonlySet<Document> => {
  const { references, reading } = document;
  for (const [name, schema] of references) {
    reading.budget.step(costOfAType);
    const { document: other } = openReferred(schema, resolveUri(name, nowhere) ?? nowhere, reading);
    if (opened.has(other)) continue;
    opened.add(other);
    reading.budget.descend(() => openAll(other, opened));
  }
  return opened;
};

/** Stands for the meta-schemas: a schema is an object, or `true` or `false`. */
const metaSchema = { at: { type: ['object', 'boolean'] }, base: 'https://json-schema.org/schema' };

/** Returns the URI without its fragment, or `undefined` when it cannot be resolved. */
const resolveUri = (reference: string, base: string): string | undefined =>
  URL.parse(reference, base)?.href.split('#')[0];

/** Returns `undefined` for invalid percent-encoding: https://www.rfc-editor.org/rfc/rfc6901#section-6 */
const decodeFragment = (fragment: string): string | undefined => {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return undefined;
  }
};

const followPointer = (pointer: string, resource: Resource): Part | undefined => {
  let at: unknown = resource.at;
  let within = resource;
  for (const key of pointer.split('/').slice(1)) {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(at)) at = /^(0|[1-9]\d*)$/.test(name) ? at[Number(name)] : undefined;
    else at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
    if (at === undefined) return undefined;
    within = enter(at, within);
  }
  return toPart(at, within);
};

const toPart = (at: unknown, within: Resource): Part | undefined => {
  if (typeof at === 'boolean') return { at: {}, within };
  return isObject(at) ? { at, within } : undefined;
};

/** `$anchor` since 2019-09; before that, an `$id` that is a fragment. */
const listAnchors = (at: Json): readonly string[] => {
  const ids = [at['$id'], at['id']].filter((id) => typeof id === 'string' && id.startsWith('#'));
  const names = [at['$anchor'], at['$dynamicAnchor'], ...ids.map((id) => String(id).slice(1))];
  return names.filter((name) => typeof name === 'string');
};

const findAnchor = (name: string, within: Resource): Part | undefined => {
  const at = within.anchors.get(name);
  return at && { at, within };
};
