import { parseSync } from '@swc/core';

/** A small wrong change of a source text. */
export interface Mutation {
  /** Where the replaced part begins and ends in the text, in characters. */
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

interface Node {
  readonly type: string;
  readonly span: { readonly start: number; readonly end: number };
  readonly [key: string]: unknown;
}

/**
 * Finds all small wrong changes of a TypeScript module, in order. It skips types, imports and property names.
 */
export const findMutations = (text: string): Mutation[] => {
  // SWC counts bytes, from the end of the module that it parsed before. The first token shows where this
  // module begins.
  const prefix = '0;';
  const bytes = Buffer.from(prefix + text);
  const module = parseSync(prefix + text, { syntax: 'typescript', target: 'es2024' }) as unknown as Node;
  const toIndex = (position: number) =>
    bytes.toString('utf8', 0, position - module.span.start).length - prefix.length;

  const found: Mutation[] = [];
  const replace = ({ span }: Pick<Node, 'span'>, make: (text: string) => string) => {
    const [start, end] = [toIndex(span.start), toIndex(span.end)];
    if (start >= 0) found.push({ start, end, replacement: make(text.slice(start, end)) });
  };
  /** Removes an element of a list together with one adjacent comma. */
  const removeFrom = (list: readonly Pick<Node, 'span'>[], at: number) => {
    const [one, next, before] = [list[at], list[at + 1], list[at - 1]];
    if (!one) return;
    const start = next || !before ? one.span.start : before.span.end;
    replace({ span: { start, end: next ? next.span.start : one.span.end } }, () => '');
  };
  const visit = (value: unknown) => {
    if (Array.isArray(value)) {
      for (const each of value) visit(each);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    if (!isNode(value)) {
      // Properties, arguments and list elements have no span of their own.
      for (const [key, child] of Object.entries(value)) if (!skipped.has(key)) visit(child);
      return;
    }
    if (value.type.startsWith('Ts') && !expressions.has(value.type)) return;
    if (value.type === 'ImportDeclaration') return;
    mutators[value.type]?.(value, { replace, removeFrom });
    for (const [key, child] of Object.entries(value)) if (!skipped.has(key)) visit(child);
  };
  visit(module['body']);
  return found;
};

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && 'span' in value;

const expressions = new Set(['TsAsExpression', 'TsNonNullExpression', 'TsSatisfiesExpression']);
/** Property names, and all that belongs to types only. */
const skipped = new Set(['span', 'key', 'property', 'typeAnnotation', 'typeParams', 'returnType', 'label']);

interface Tools {
  readonly replace: (node: Pick<Node, 'span'>, make: (text: string) => string) => void;
  readonly removeFrom: (list: readonly Pick<Node, 'span'>[], at: number) => void;
}

const opposites: Readonly<Record<string, string>> = {
  '&&': '||',
  '||': '&&',
  '===': '!==',
  '!==': '===',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '+': '-',
  '-': '+',
};

const mutators: Readonly<Record<string, (node: Node, tools: Tools) => void>> = {
  ExpressionStatement: (node, { replace }) => replace(node, () => ';'),
  IfStatement: (node, { replace }) => {
    if (!node['alternate']) replace(node, () => ';');
    replace(node['test'] as Node, (text) => `!(${text})`);
  },
  ConditionalExpression: (node, { replace }) => replace(node['test'] as Node, (text) => `!(${text})`),
  AwaitExpression: (node, { replace }) => replace(node, (text) => text.replace(/^await\s+/, '')),
  BinaryExpression: (node, { replace }) => {
    const operator = String(node['operator']);
    const opposite = opposites[operator];
    const [left, right] = [node['left'] as Node, node['right'] as Node];
    const between = { span: { start: left.span.end, end: right.span.start } };
    if (opposite !== undefined) replace(between, (text) => text.replace(operator, opposite));
  },
  ArrayExpression: (node, { removeFrom }) => {
    const elements = (node['elements'] as readonly (Element | null)[]).flatMap((one) => one ?? []);
    for (const at of elements.keys()) removeFrom(elements.map(spanElement), at);
  },
  ObjectExpression: (node, { removeFrom }) => {
    const properties = (node['properties'] as readonly Property[]).flatMap((one) => spanProperty(one) ?? []);
    if (properties.length === (node['properties'] as readonly Property[]).length)
      for (const at of properties.keys()) removeFrom(properties, at);
  },
  CallExpression: (node, { removeFrom }) => {
    const given = (node['arguments'] as readonly Element[]).map(spanElement);
    if (given.length > 1) removeFrom(given, given.length - 1);
  },
  NumericLiteral: (node, { replace }) => replace(node, () => String(Number(node['value']) + 1)),
  BooleanLiteral: (node, { replace }) => replace(node, () => String(!node['value'])),
  StringLiteral: (node, { replace }) => replace(node, () => (node['value'] === '' ? "'mutated'" : "''")),
};

/** A list element or an argument, as SWC represents it. */
interface Element {
  readonly spread: Node['span'] | null;
  readonly expression: Node;
}

interface Property {
  readonly type: string;
  readonly span?: Node['span'];
  readonly key?: Node;
  readonly value?: Node;
  readonly spread?: Node['span'];
  readonly arguments?: Node;
}

const spanElement = ({ spread, expression }: Element) => ({
  span: { start: spread?.start ?? expression.span.start, end: expression.span.end },
});

const spanProperty = ({ type, span, key, value, spread, arguments: spreading }: Property) => {
  if (type === 'Identifier' && span) return { span };
  if (type === 'SpreadElement' && spread && spreading)
    return { span: { start: spread.start, end: spreading.span.end } };
  return type === 'KeyValueProperty' && key && value
    ? { span: { start: key.span.start, end: value.span.end } }
    : undefined;
};
