import {
  SCHEMA_TYPE_COST,
  isJsonObject,
  parseReferencedJson,
  parseSchemaJson,
  type SchemaReading,
  type SchemaText,
} from './schema-fields.ts';

export type JsonSchemaObject = Readonly<Record<string, unknown>>;

/** A schema, and the resource that contains it, which its references are relative to. */
export interface JsonSchemaPart {
  readonly at: JsonSchemaObject;
  readonly within: JsonSchemaResource;
}

/** A document, or a schema with its own `$id`: anything with a URI. */
export interface JsonSchemaResource {
  readonly at: unknown;
  readonly base: string;
  readonly document: SchemaDocument;
  readonly anchors: Map<string, JsonSchemaObject>;
}

interface SchemaDocument {
  readonly references: SchemaText['references'];
  readonly resources: Map<unknown, JsonSchemaResource>;
  readonly byUri: Map<string, JsonSchemaResource>;
  /** False up to draft-07, where `$ref` replaces all other keywords, and without `$schema`, as Confluent's registry reads it. */
  readonly hasSiblings: boolean;
  readonly reading: JsonSchemaReading;
}

/** Shared by all documents of one schema. */
interface JsonSchemaReading extends SchemaReading {
  readonly known: Map<SchemaText, JsonSchemaResource>;
}

export const openJsonSchema = (schema: SchemaText, reading: SchemaReading): JsonSchemaResource => {
  const shared: JsonSchemaReading = { known: new Map(), ...reading };
  return addSchemaDocument(
    schema,
    { at: parseSchemaJson(schema.text, reading.budget), base: DEFAULT_BASE_URI },
    shared,
  );
};

/** The base URI of a document without one: https://www.rfc-editor.org/rfc/rfc3986#section-5.1.4 */
const DEFAULT_BASE_URI = 'schema:///';

/** Parses each schema once, however many references it has. */
const openReferencedSchema = (
  schema: SchemaText,
  base: string,
  reading: JsonSchemaReading,
): JsonSchemaResource =>
  reading.known.get(schema) ??
  addSchemaDocument(schema, { at: parseReferencedJson(schema.text, reading), base }, reading);

const addSchemaDocument = (
  schema: SchemaText,
  { at, base }: Pick<JsonSchemaResource, 'at' | 'base'>,
  reading: JsonSchemaReading,
): JsonSchemaResource => {
  const dialect = isJsonObject(at) ? at['$schema'] : undefined;
  if (typeof dialect === 'string' && isUnknownDraft(dialect)) reading.leaveOut('unsupported');
  const document: SchemaDocument = {
    references: schema.references,
    resources: new Map(),
    byUri: new Map(),
    hasSiblings: typeof dialect === 'string' && /2019-09|2020-12|oas\/3\.1/.test(dialect),
    reading,
  };
  const root = addSchemaResource(at, base, document);
  reading.known.set(schema, root);
  addSchemaResources(root);
  return root;
};

/** Custom dialects have other URLs, and are read. https://json-schema.org/specification-links */
const isUnknownDraft = (dialect: string): boolean =>
  dialect.includes('//json-schema.org/') && !knownDrafts.test(dialect);
const knownDrafts =
  /^https?:\/\/json-schema\.org\/(draft-0[4-7]\/|draft\/20(19-09|20-12)\/)?(hyper-)?schema#?$/;

const addSchemaResource = (at: unknown, base: string, document: SchemaDocument): JsonSchemaResource => {
  const id = findSchemaId(at);
  const own = (id === undefined ? undefined : resolveSchemaUri(id, base)) ?? base;
  const resource: JsonSchemaResource = { at, base: own, document, anchors: new Map() };
  document.resources.set(at, resource);
  document.byUri.set(own, resource);
  return resource;
};

/** Ignores fragments, which are anchors. */
const findSchemaId = (at: unknown): string | undefined => {
  const id = isJsonObject(at) ? (at['$id'] ?? at['id']) : undefined;
  return typeof id === 'string' && id !== '' && !id.startsWith('#') ? id : undefined;
};

/** Adds every schema below a root that has its own identifier. */
const addSchemaResources = (root: JsonSchemaResource): void => {
  const { document } = root;
  const pending: { readonly at: unknown; readonly within: JsonSchemaResource; readonly isMap?: boolean }[] = [
    { at: root.at, within: root },
  ];
  for (let one = pending.pop(); one; one = pending.pop()) {
    document.reading.budget.step();
    const { at, isMap = false } = one;
    if (typeof at !== 'object' || at === null) continue;
    const isNew = !isMap && at !== root.at && findSchemaId(at) !== undefined;
    const within = isNew ? addSchemaResource(at, one.within.base, document) : one.within;
    if (!isMap && isJsonObject(at)) for (const name of listSchemaAnchors(at)) within.anchors.set(name, at);
    for (const [key, value] of Object.entries(at))
      if (isMap || !dataKeywords.has(key))
        pending.push({ at: value, within, isMap: !isMap && schemaMapKeywords.has(key) });
  }
};

/** Keywords whose value is data. */
const dataKeywords = new Set(['enum', 'const', 'default', 'examples', 'example']);
/** Keywords whose value maps names to schemas. */
const schemaMapKeywords = new Set(
  'properties patternProperties definitions $defs dependentSchemas dependencies'.split(' '),
);

/** Returns the schema's own resource if it has one, or the one that contains it. */
export const resolveOwnResource = (at: unknown, within: JsonSchemaResource): JsonSchemaResource =>
  within.document.resources.get(at) ?? within;

/** Resolves a reference within the document or in a schema that the registry lists; never fetches a URL. */
export const resolveJsonReference = (
  reference: string,
  within: JsonSchemaResource,
): JsonSchemaPart | undefined => {
  const [file = '', fragment = ''] = reference.split('#');
  const resource = file === '' ? within : findSchemaResource(file, within);
  const pointer = decodeUriFragment(fragment);
  if (!resource || pointer === undefined) return undefined;
  return pointer === '' || pointer.startsWith('/')
    ? resolveJsonPointer(pointer, resource)
    : findSchemaAnchor(pointer, resource);
};

const findSchemaResource = (
  file: string,
  { base, document }: JsonSchemaResource,
): JsonSchemaResource | undefined => {
  const uri = resolveSchemaUri(file, base) ?? file;
  const { byUri, references, reading } = document;
  const embedded = byUri.get(uri);
  if (embedded) return embedded;
  for (const [name, schema] of references) {
    reading.budget.step(SCHEMA_TYPE_COST);
    if (name === file || resolveSchemaUri(name, base) === uri)
      return openReferencedSchema(schema, uri, reading);
  }
  if (/^https?:\/\/json-schema\.org\//.test(uri)) return { ...jsonMetaSchema, document, anchors: new Map() };
  return [...openAllDocuments(document)].find((one) => one.byUri.has(uri))?.byUri.get(uri);
};

/** Opens every reachable document, because a reference may use the identifier of a document that another one lists under a different name. */
const openAllDocuments = (
  document: SchemaDocument,
  opened = new Set([document]),
): ReadonlySet<SchemaDocument> => {
  const { references, reading } = document;
  for (const [name, schema] of references) {
    reading.budget.step(SCHEMA_TYPE_COST);
    const { document: other } = openReferencedSchema(
      schema,
      resolveSchemaUri(name, DEFAULT_BASE_URI) ?? DEFAULT_BASE_URI,
      reading,
    );
    if (opened.has(other)) continue;
    opened.add(other);
    reading.budget.descend(() => openAllDocuments(other, opened));
  }
  return opened;
};

/** Stands for the meta-schemas: a schema is an object, or `true` or `false`. */
const jsonMetaSchema = { at: { type: ['object', 'boolean'] }, base: 'https://json-schema.org/schema' };

/** Returns the URI without its fragment, or `undefined` when it cannot be resolved. */
const resolveSchemaUri = (reference: string, base: string): string | undefined =>
  URL.parse(reference, base)?.href.split('#')[0];

/** Returns `undefined` for invalid percent-encoding: https://www.rfc-editor.org/rfc/rfc6901#section-6 */
const decodeUriFragment = (fragment: string): string | undefined => {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return undefined;
  }
};

const resolveJsonPointer = (pointer: string, resource: JsonSchemaResource): JsonSchemaPart | undefined => {
  let at: unknown = resource.at;
  let within = resource;
  for (const key of pointer.split('/').slice(1)) {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(at)) at = /^(0|[1-9]\d*)$/.test(name) ? at[Number(name)] : undefined;
    else at = isJsonObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
    if (at === undefined) return undefined;
    within = resolveOwnResource(at, within);
  }
  return toJsonSchemaPart(at, within);
};

const toJsonSchemaPart = (at: unknown, within: JsonSchemaResource): JsonSchemaPart | undefined => {
  if (typeof at === 'boolean') return { at: {}, within };
  return isJsonObject(at) ? { at, within } : undefined;
};

/** `$anchor` since 2019-09; before that, an `$id` that is a fragment. */
const listSchemaAnchors = (at: JsonSchemaObject): readonly string[] => {
  const ids = [at['$id'], at['id']].filter((id) => typeof id === 'string' && id.startsWith('#'));
  const names = [at['$anchor'], at['$dynamicAnchor'], ...ids.map((id) => String(id).slice(1))];
  return names.filter((name) => typeof name === 'string');
};

const findSchemaAnchor = (name: string, within: JsonSchemaResource): JsonSchemaPart | undefined => {
  const at = within.anchors.get(name);
  return at && { at, within };
};
