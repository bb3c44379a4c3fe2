import { isTooLarge, spend, tooLarge, type Allowance } from '../../network/budget.ts';
import type { SchemaText } from './field.ts';
import type { Registered } from './registry-client.ts';

export type LoadSchema = (subject: string, version: number) => Promise<Registered>;

export interface Assembled {
  readonly schema: SchemaText;
  /** The errors of references that could not be loaded. `source-too-large` occurs at most once. */
  readonly failures: readonly unknown[];
}

/**
 * Loads a schema's references and their references, each once; those that fail to load are left out. References may be circular, and so is
 * the result: readers must track the schemas that they have visited.
 */
export const assembleSchema = async (registered: Registered, load: LoadSchema): Promise<Assembled> => {
  const text: Allowance = { left: mostText, spent: tooMuch };
  const references: Allowance = { left: mostReferences, spent: tooMuch };
  const made = new Map<string, Promise<Node | undefined>>();
  const failures: unknown[] = [];

  const make = async (subject: string, version: number): Promise<Node | undefined> => {
    try {
      spend(references);
      spend(text, 0);
      const found = await load(subject, version);
      spend(text, found.text.length);
      return { registered: found, references: new Map<string, SchemaText>() };
    } catch (error) {
      if (!isTooLarge(error) || !failures.some(isTooLarge)) failures.push(error);
      return undefined;
    }
  };
  const refer = async ({ registered: { references: named }, references: into }: Node): Promise<Node[]> => {
    const next: Node[] = [];
    const found = named.slice(0, mostReferences + 1).map(async ({ name, subject, version }) => {
      const key = JSON.stringify([subject, version]);
      const known = made.get(key);
      const node = await (known ?? remember(made, key, make(subject, version)));
      if (!node) return;
      into.set(name, textOf(node));
      if (!known) next.push(node);
    });
    await Promise.all(found);
    return next;
  };

  spend(text, registered.text.length);
  const root: Node = { registered, references: new Map() };
  for (let nodes = [root]; nodes.length > 0;) nodes = (await Promise.all(nodes.map(refer))).flat();
  return { schema: textOf(root), failures };
};

/** A node always yields the same `SchemaText` object, which is how readers recognize it. */
interface Node {
  readonly registered: Registered;
  readonly references: Map<string, SchemaText>;
  told?: SchemaText;
}

const textOf = (node: Node): SchemaText =>
  (node.told ??= { text: node.registered.text, references: node.references });

const remember = <T>(made: Map<string, Promise<T>>, key: string, making: Promise<T>): Promise<T> => {
  made.set(key, making);
  return making;
};

/** Of one schema and all its references. */
const mostText = 2 ** 22;
const mostReferences = 200;

const tooMuch = () => tooLarge('The schema refers to more than can be read at once');
