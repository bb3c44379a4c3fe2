import { defaultOf, presenceOf, type Presence } from './protobuf-options.ts';
import type { Reading, SchemaText } from './field.ts';
import { readTokens } from './protobuf-tokens.ts';

/** All messages and enums of a schema, by full name. */
export interface Types extends Reading {
  readonly named: Map<string, Type>;
}
export type Type = Message | { readonly is: 'enum' };
export interface Message {
  readonly is: 'message';
  /** The full name: package, containing messages and name. */
  readonly path: string;
  readonly fields: Written[];
  readonly file: File;
}
/** Settings that apply to all fields of a file. */
interface File {
  presence: Presence | undefined;
}
export interface Written {
  readonly name: string;
  /** As written in the file; a leading dot means that the name is fully qualified. */
  readonly type: string;
  readonly label: Label;
  readonly default: string | null;
}
export type Label = 'repeated' | 'map' | 'oneof' | Presence | '';

/** Returns the top-level messages. Unknown statements are skipped. */
export const readFile = ({ text }: SchemaText, types: Types): readonly Message[] => {
  const tokens = readTokens(text, types);
  const file: File = { presence: undefined };
  const found: Message[] = [];
  let at = 0;
  let scope = '';

  const next = (): string => {
    if (at >= tokens.length) types.leaveOut('unreadable'); // the file is truncated
    return tokens[at++] ?? '';
  };
  /** A dotted name may contain blanks and comments. */
  const readName = (): string => {
    const parts = [next()];
    while (isWord(tokens[at]) && (parts.at(-1)?.endsWith('.') || tokens[at]?.startsWith('.')))
      parts.push(next());
    return parts.join('');
  };
  /** Skips to the end of the statement or its block; braces within brackets are values, not blocks. */
  const skip = (): readonly string[] => {
    const from = at;
    for (let depth = 0, brackets = 0; at < tokens.length;) {
      const token = next();
      if (token === '{') depth += 1;
      if (token === '[') brackets += 1;
      if (token === ']') brackets -= 1;
      if (token === '}' && --depth <= 0 && brackets <= 0) return tokens.slice(from, at);
      if (token === ';' && depth <= 0 && brackets <= 0) return tokens.slice(from, at);
    }
    types.leaveOut('unreadable');
    return tokens.slice(from, at);
  };
  const leaveOut = (): void => {
    types.leaveOut('unreadable');
    skip();
  };
  /** Stops before the `{` of a group's body, or at the end of the statement. */
  const skipOptions = (): void => {
    for (let depth = 0; at < tokens.length; at += 1) {
      if (depth === 0 && (tokens[at] === '{' || tokens[at] === ';')) return;
      if (tokens[at] === '[') depth += 1;
      if (tokens[at] === ']') depth -= 1;
    }
  };
  const define = (name: string, type: Type): void => {
    types.budget.step(name.length); // full names grow with each level of nesting
    types.named.set(name, type);
  };
  const readEnum = (within: string): void => {
    define(within + next(), { is: 'enum' });
    skip();
  };
  const readMessage = (within: string, depth: number): Message => {
    const name = next();
    const message: Message = { is: 'message', path: within + name, fields: [], file };
    define(message.path, message);
    if (next() === '{') readBody(`${message.path}.`, message.fields, '', depth);
    else leaveOut();
    return message;
  };
  const readBody = (within: string, fields: Written[], inherited: Label, depth: number): void => {
    while (at < tokens.length && tokens[at] !== '}') {
      skipVisibility();
      const token = tokens[at] ?? '';
      if (depth > deepest) {
        types.leaveOut('tooLarge');
        skip();
      } else if (/^(;|option|reserved|extensions|extend|message|enum|oneof)$/.test(token)) {
        at += 1;
        if (token === 'message') readMessage(within, depth + 1);
        else if (token === 'enum') readEnum(within);
        else if (token === 'oneof') {
          next();
          if (next() === '{') readBody(within, fields, 'oneof', depth + 1);
          else leaveOut();
        } else if (token !== ';') skip();
      } else readField(within, fields, inherited, depth);
    }
    next();
  };
  /** `export` and `local` of edition 2024. */
  const skipVisibility = (): void => {
    const [word = '', what = '', , mark] = tokens.slice(at, at + 4);
    if (/^(export|local)$/.test(word) && /^(message|enum)$/.test(what) && mark === '{') at += 1;
  };
  /** A group defines a field and its message at once: https://protobuf.dev/reference/protobuf/proto2-spec/#group_field */
  const readGroup = (within: string, fields: Written[], label: Label, depth: number): void => {
    const name = next();
    const group: Message = { is: 'message', path: within + name, fields: [], file };
    define(group.path, group);
    fields.push({ name: name.toLowerCase(), type: name, label, default: null });
    skipOptions();
    if (next() === '{') readBody(`${group.path}.`, group.fields, '', depth + 1);
    else leaveOut();
  };
  const readField = (within: string, fields: Written[], inherited: Label, depth: number): void => {
    const token = tokens[at] ?? '';
    const label = token === 'repeated' || token === 'optional' || token === 'required' ? token : undefined;
    if (label) at += 1;
    let type = readName();
    if (type === 'group') return readGroup(within, fields, label ?? inherited, depth);
    const isMap = type === 'map' && tokens[at] === '<';
    if (isMap) {
      next();
      const parts = [];
      while (at < tokens.length && tokens[at] !== '>') parts.push(next());
      next();
      type = `map<${parts.join('').replace(',', ', ')}>`;
    }
    const name = next();
    if (!/^\w+$/.test(name) || tokens[at] !== '=') return leaveOut();
    const options = skip();
    fields.push({
      name,
      type,
      label: isMap ? 'map' : (label ?? (inherited || (presenceOf(options) ?? ''))),
      default: defaultOf(options),
    });
  };

  while (at < tokens.length) {
    skipVisibility();
    const token = next();
    if (token === 'package') {
      scope = `${readName()}.`;
      skip();
    } else if (token === 'message') found.push(readMessage(scope, 0));
    else if (token === 'enum') readEnum(scope);
    else if (token === 'edition') {
      file.presence ??= 'optional';
      if (!/202[34]/.test(skip().join(''))) types.leaveOut('unsupported');
    } else if (token === 'option') file.presence = presenceOf(skip()) ?? file.presence;
    else if (/^(syntax|import|extend|service)$/.test(token)) skip();
    else if (token !== ';') leaveOut();
  }
  return found;
};

const isWord = (token: string | undefined): boolean => token !== undefined && /^[\w.]/.test(token);

/** protoc's limit for nested messages. */
const deepest = 32;
