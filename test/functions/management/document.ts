import { parse } from 'yaml';
import { fenced, seed } from '../../seeds/read.ts';

type Json = Readonly<Record<string, unknown>>;

/** The keywords of JSON Schema that the document uses for a property. */
export interface Property {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: string;
}

export interface Schema {
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Property>>;
  readonly additionalProperties?: Property;
}

interface Operation {
  readonly parameters: readonly { readonly name?: string; readonly schema?: Json }[];
  readonly requestBody: Content;
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>;
}
interface Content {
  readonly content: { readonly 'application/json': { readonly example?: Json; readonly examples?: Json } };
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly examples: Readonly<Record<string, { readonly value: Printed }>>;
  };
}

export interface Printed {
  readonly code: string;
  readonly title: string;
  readonly message: string;
}

const [text = ''] = fenced(`${seed('001-management')}\n`, '`yaml');

/** The OpenAPI document that the seed prints. */
export const document = parse(text) as Document; // the tests check every part that they read

const [[path, operations] = ['', {}]] = Object.entries(document.paths);
const operation = operations['post'];
if (!operation) throw new Error('The document has no POST');

export const request = {
  path,
  headers: operation.parameters.flatMap(({ name, schema }) => (name === undefined ? [] : [{ name, schema }])),
  body: operation.requestBody.content['application/json'].example ?? {},
};

export const answer = operation.responses['201']?.content['application/json'].example ?? {};

/** The failures that the document lists for a status, as it prints them. */
export const listPrintedFailures = (status: number): readonly Printed[] =>
  Object.keys(operation.responses[status]?.content['application/json'].examples ?? {}).flatMap(
    (name) => document.components.examples[name]?.value ?? [],
  );

export const statuses = Object.keys(operation.responses).map(Number);
export const schemas = document.components.schemas;
export const findPrintedFailure = (code: string): Printed => {
  const found = document.components.examples[code.replace('FET-', 'Error')]?.value;
  if (!found) throw new Error(`The document does not print ${code}`);
  return found;
};
