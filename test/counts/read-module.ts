import { readFileSync } from 'node:fs';
import { parseSync } from '@swc/core';

/** What is counted of one TypeScript file. */
export interface ModuleFacts {
  readonly file: string;
  readonly lines: number;
  /** Names of top-level declarations, types included. */
  readonly declared: readonly string[];
  /** Those of them that are functions. */
  readonly functions: readonly string[];
  /** Relative specifiers of all imports and re-exports, those of types and dynamic ones included. */
  readonly imports: readonly string[];
  /** Those of them that are loaded when the file is: types and dynamic imports left out. */
  readonly staticImports: readonly string[];
  /** Packages that are loaded when the file is: types and dynamic imports left out. */
  readonly staticPackages: readonly string[];
  /** Conditional expressions that stand within another one. */
  readonly nestedTernaries: number;
}

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** Parses a file; nothing of it is run. */
export const readModule = (file: string): ModuleFacts => {
  const text = readFileSync(file, 'utf8');
  const { body } = parseSync(text, { syntax: 'typescript', target: 'es2024' }) as unknown as { body: Node[] };
  const declarations = body.flatMap(listDeclarations);
  const links = body.flatMap(listLinks);
  const loaded = links.filter(({ typeOnly }) => !typeOnly).map(({ from }) => from);
  let nestedTernaries = 0;
  const dynamic: string[] = [];
  const visit = (value: unknown, isWithinTernary: boolean) => {
    if (Array.isArray(value)) {
      for (const each of value) visit(each, isWithinTernary);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    const node = value as Node;
    const isTernary = node.type === 'ConditionalExpression';
    if (isTernary && isWithinTernary) nestedTernaries += 1;
    if (node.type === 'CallExpression' && (node['callee'] as Node).type === 'Import')
      dynamic.push(...listStrings(node['arguments']));
    if (node.type === 'TsImportType') dynamic.push(...listStrings(node['argument']));
    // A function within a ternary begins anew.
    const isTransparent = isTernary || node.type === 'ParenthesisExpression';
    const inner = isTernary || (isWithinTernary && isTransparent);
    for (const child of Object.values(node)) visit(child, inner);
  };
  visit(body, false);
  return {
    file,
    lines: text.split('\n').length - 1,
    declared: [...new Set(declarations.map(({ name }) => name))],
    functions: declarations.filter(({ isFunction }) => isFunction).map(({ name }) => name),
    imports: [...links.map(({ from }) => from), ...dynamic].filter((from) => from.startsWith('.')),
    staticImports: loaded.filter((from) => from.startsWith('.')),
    staticPackages: loaded.filter((from) => !from.startsWith('.')),
    nestedTernaries,
  };
};

interface Declaration {
  readonly name: string;
  readonly isFunction: boolean;
}

const listDeclarations = (statement: Node): Declaration[] => {
  const declaration = (statement.type === 'ExportDeclaration' ? statement['declaration'] : statement) as Node;
  if (declaration.type === 'VariableDeclaration')
    return (declaration['declarations'] as Node[]).flatMap(({ id, init }) => {
      const { type } = (init ?? {}) as Partial<Node>;
      const isFunction = type === 'ArrowFunctionExpression' || type === 'FunctionExpression';
      return listNames(id as Node).map((name) => ({ name, isFunction }));
    });
  const identifier = (declaration['identifier'] ?? declaration['id']) as Node | undefined;
  if (identifier?.type !== 'Identifier') return [];
  return [{ name: String(identifier['value']), isFunction: declaration.type === 'FunctionDeclaration' }];
};

/** The names that a pattern binds, `{ a, b: [c] }` included. */
const listNames = (pattern: Node): string[] => {
  if (pattern.type === 'Identifier') return [String(pattern['value'])];
  const parts = (pattern['elements'] ?? pattern['properties'] ?? []) as (Node | null)[];
  return parts.flatMap((part) => (part ? listNames((part['value'] ?? part['key'] ?? part) as Node) : []));
};

interface Link {
  readonly from: string;
  readonly typeOnly: boolean;
}

const listLinks = (statement: Node): Link[] => {
  const source = statement['source'] as Node | null | undefined;
  if (source?.type !== 'StringLiteral') return [];
  return [{ from: String(source['value']), typeOnly: Boolean(statement['typeOnly']) }];
};

/** The text literals directly in the arguments of a call. */
const listStrings = (value: unknown): string[] => {
  const nodes = (Array.isArray(value) ? value : [value]) as {
    expression?: Node;
    type?: string;
    value?: unknown;
  }[];
  return nodes
    .map((node) => node.expression ?? node)
    .filter((node) => node.type === 'StringLiteral')
    .map((node) => String((node as { value?: unknown }).value));
};
