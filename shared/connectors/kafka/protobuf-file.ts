import { findFieldDefault, findFieldPresence, type FieldPresence } from './protobuf-options.ts';
import type { SchemaReading, SchemaText } from './schema-fields.ts';
import { parseProtobufTokens } from './protobuf-tokens.ts';

/** All messages and enums of a schema, by full name. */
export interface ProtobufTypes extends SchemaReading {
  readonly named: Map<string, ProtobufType>;
}
export type ProtobufType = ProtobufMessage | { readonly is: 'enum' };
export interface ProtobufMessage {
  readonly is: 'message';
  /** The full name: package, containing messages and name. */
  readonly path: string;
  readonly fields: ProtobufField[];
  readonly file: ProtobufFile;
}
/** Settings that apply to all fields of a file. */
interface ProtobufFile {
  presence: FieldPresence | undefined;
}
export interface ProtobufField {
  readonly name: string;
  /** As written in the file; a leading dot means that the name is fully qualified. */
  readonly type: string;
  readonly label: ProtobufLabel;
  readonly default: string | null;
}
export type ProtobufLabel = 'repeated' | 'map' | 'oneof' | FieldPresence | '';

/** Returns the top-level messages. Unknown statements are skipped. */
export const parseProtobufFile = ({ text }: SchemaText, types: ProtobufTypes): readonly ProtobufMessage[] => {
  const tokens = parseProtobufTokens(text, types);
  const file: ProtobufFile = { presence: undefined };
  const found: ProtobufMessage[] = [];
  let at = 0;
  let scope = '';

  const takeToken = (): string => {
    if (at >= tokens.length) types.leaveOut('unreadable'); // the file is truncated
    return tokens[at++] ?? '';
  };
  /** A dotted name may contain blanks and comments. */
  const readName = (): string => {
    const parts = [takeToken()];
    while (isProtobufWord(tokens[at]) && (parts.at(-1)?.endsWith('.') || tokens[at]?.startsWith('.')))
      parts.push(takeToken());
    return parts.join('');
  };
  /** Skips to the end of the statement or its block; braces within brackets are values, not blocks. */
  const skipStatement = (): readonly string[] => {
    const from = at;
    for (let depth = 0, brackets = 0; at < tokens.length;) {
      const token = takeToken();
      if (token === '{') depth += 1;
      if (token === '[') brackets += 1;
      if (token === ']') brackets -= 1;
      if (token === '}' && --depth <= 0 && brackets <= 0) return tokens.slice(from, at);
      if (token === ';' && depth <= 0 && brackets <= 0) return tokens.slice(from, at);
    }
    types.leaveOut('unreadable');
    return tokens.slice(from, at);
  };
  const skipUnreadable = (): void => {
    types.leaveOut('unreadable');
    skipStatement();
  };
  /** Stops before the `{` of a group's body, or at the end of the statement. */
  const skipOptions = (): void => {
    for (let depth = 0; at < tokens.length; at += 1) {
      if (depth === 0 && (tokens[at] === '{' || tokens[at] === ';')) return;
      if (tokens[at] === '[') depth += 1;
      if (tokens[at] === ']') depth -= 1;
    }
  };
  const defineType = (name: string, type: ProtobufType): void => {
    types.budget.step(name.length); // full names grow with each level of nesting
    types.named.set(name, type);
  };
  const readEnum = (within: string): void => {
    defineType(within + takeToken(), { is: 'enum' });
    skipStatement();
  };
  const readMessage = (within: string, depth: number): ProtobufMessage => {
    const name = takeToken();
    const message: ProtobufMessage = { is: 'message', path: within + name, fields: [], file };
    defineType(message.path, message);
    if (takeToken() === '{') readBody(`${message.path}.`, message.fields, '', depth);
    else skipUnreadable();
    return message;
  };
  const readBody = (
    within: string,
    fields: ProtobufField[],
    inherited: ProtobufLabel,
    depth: number,
  ): void => {
    while (at < tokens.length && tokens[at] !== '}') {
      skipVisibility();
      const token = tokens[at] ?? '';
      if (depth > MAX_MESSAGE_DEPTH) {
        types.leaveOut('tooLarge');
        skipStatement();
      } else if (/^(;|option|reserved|extensions|extend|message|enum|oneof)$/.test(token)) {
        at += 1;
        if (token === 'message') readMessage(within, depth + 1);
        else if (token === 'enum') readEnum(within);
        else if (token === 'oneof') {
          takeToken();
          if (takeToken() === '{') readBody(within, fields, 'oneof', depth + 1);
          else skipUnreadable();
        } else if (token !== ';') skipStatement();
      } else readField(within, fields, inherited, depth);
    }
    takeToken();
  };
  /** `export` and `local` of edition 2024. */
  const skipVisibility = (): void => {
    const [word = '', what = '', , mark] = tokens.slice(at, at + 4);
    if (/^(export|local)$/.test(word) && /^(message|enum)$/.test(what) && mark === '{') at += 1;
  };
  /** A group defines a field and its message at once: https://protobuf.dev/reference/protobuf/proto2-spec/#group_field */
  const readGroup = (within: string, fields: ProtobufField[], label: ProtobufLabel, depth: number): void => {
    const name = takeToken();
    const group: ProtobufMessage = { is: 'message', path: within + name, fields: [], file };
    defineType(group.path, group);
    fields.push({ name: name.toLowerCase(), type: name, label, default: null });
    skipOptions();
    if (takeToken() === '{') readBody(`${group.path}.`, group.fields, '', depth + 1);
    else skipUnreadable();
  };
  const readField = (
    within: string,
    fields: ProtobufField[],
    inherited: ProtobufLabel,
    depth: number,
  ): void => {
    const token = tokens[at] ?? '';
    const label = token === 'repeated' || token === 'optional' || token === 'required' ? token : undefined;
    if (label) at += 1;
    let type = readName();
    if (type === 'group') return readGroup(within, fields, label ?? inherited, depth);
    const isMap = type === 'map' && tokens[at] === '<';
    if (isMap) {
      takeToken();
      const parts = [];
      while (at < tokens.length && tokens[at] !== '>') parts.push(takeToken());
      takeToken();
      type = `map<${parts.join('').replace(',', ', ')}>`;
    }
    const name = takeToken();
    if (!/^\w+$/.test(name) || tokens[at] !== '=') return skipUnreadable();
    const options = skipStatement();
    fields.push({
      name,
      type,
      label: isMap ? 'map' : (label ?? (inherited || (findFieldPresence(options) ?? ''))),
      default: findFieldDefault(options),
    });
  };

  while (at < tokens.length) {
    skipVisibility();
    const token = takeToken();
    if (token === 'package') {
      scope = `${readName()}.`;
      skipStatement();
    } else if (token === 'message') found.push(readMessage(scope, 0));
    else if (token === 'enum') readEnum(scope);
    else if (token === 'edition') {
      file.presence ??= 'optional';
      if (!/202[34]/.test(skipStatement().join(''))) types.leaveOut('unsupported');
    } else if (token === 'option') file.presence = findFieldPresence(skipStatement()) ?? file.presence;
    else if (/^(syntax|import|extend|service)$/.test(token)) skipStatement();
    else if (token !== ';') skipUnreadable();
  }
  return found;
};

const isProtobufWord = (token: string | undefined): boolean => token !== undefined && /^[\w.]/.test(token);

/** protoc's limit for nested messages. */
const MAX_MESSAGE_DEPTH = 32;
