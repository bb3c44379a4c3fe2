import {
  isTooLargeProblem,
  spendAllowance,
  createTooLargeProblem,
  type ReadAllowance,
} from '../../network/budget.ts';
import type { SchemaText } from './schema-fields.ts';
import type { RegisteredSchema } from './registry-client.ts';

export type LoadSchema = (subject: string, version: number) => Promise<RegisteredSchema>;

export interface AssembledSchema {
  readonly schema: SchemaText;
  /** The errors of references that could not be loaded. `source-too-large` occurs at most once. */
  readonly failures: readonly unknown[];
}

/**
 * Loads a schema's references and their references, each once; those that fail to load are left out. References may be circular, and so is
 * the result: readers must track the schemas that they have visited.
 */
export const assembleSchema = async (
  registered: RegisteredSchema,
  load: LoadSchema,
): Promise<AssembledSchema> => {
  const text: ReadAllowance = { left: MAX_ASSEMBLED_CHARACTERS, spent: createTooManyReferences };
  const references: ReadAllowance = { left: MAX_SCHEMA_REFERENCES, spent: createTooManyReferences };
  const loadedNodes = new Map<string, Promise<SchemaNode | undefined>>();
  const failures: unknown[] = [];

  const loadNode = async (subject: string, version: number): Promise<SchemaNode | undefined> => {
    try {
      spendAllowance(references);
      spendAllowance(text, 0);
      const found = await load(subject, version);
      spendAllowance(text, found.text.length);
      return { registered: found, references: new Map<string, SchemaText>() };
    } catch (error) {
      if (!isTooLargeProblem(error) || !failures.some(isTooLargeProblem)) failures.push(error);
      return undefined;
    }
  };
  const loadReferences = async ({
    registered: { references: named },
    references: into,
  }: SchemaNode): Promise<SchemaNode[]> => {
    const next: SchemaNode[] = [];
    const found = named.slice(0, MAX_SCHEMA_REFERENCES + 1).map(async ({ name, subject, version }) => {
      const key = JSON.stringify([subject, version]);
      const known = loadedNodes.get(key);
      const node = await (known ?? rememberPromise(loadedNodes, key, loadNode(subject, version)));
      if (!node) return;
      into.set(name, toSchemaText(node));
      if (!known) next.push(node);
    });
    await Promise.all(found);
    return next;
  };

  spendAllowance(text, registered.text.length);
  const root: SchemaNode = { registered, references: new Map() };
  for (let nodes = [root]; nodes.length > 0;) nodes = (await Promise.all(nodes.map(loadReferences))).flat();
  return { schema: toSchemaText(root), failures };
};

/** A node always yields the same `SchemaText` object, which is how readers recognize it. */
interface SchemaNode {
  readonly registered: RegisteredSchema;
  readonly references: Map<string, SchemaText>;
  schemaText?: SchemaText;
}

const toSchemaText = (node: SchemaNode): SchemaText =>
  (node.schemaText ??= { text: node.registered.text, references: node.references });

const rememberPromise = <T>(known: Map<string, Promise<T>>, key: string, promise: Promise<T>): Promise<T> => {
  known.set(key, promise);
  return promise;
};

/** Of one schema and all its references. */
const MAX_ASSEMBLED_CHARACTERS = 2 ** 22;
const MAX_SCHEMA_REFERENCES = 200;

const createTooManyReferences = () =>
  createTooLargeProblem('The schema has more or larger references than can be read at once');
