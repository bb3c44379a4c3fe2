import type { Connector } from '../../connectors/connector.ts';
import { isSecretField } from '../../connectors/input/fields.ts';
import { repairPem } from '../../connectors/input/repair-pem.ts';
import { hasPlaceholderPart, describePlaceholder } from '../../connectors/input/placeholders.ts';
import { type FieldError, createFieldProblem } from '../../parse-input.ts';
import { findMisplacement } from './find-misplacement.ts';
import { describeUnseen, unseenPattern } from './unseen-characters.ts';

type RawFields = Readonly<Record<string, unknown>>;

interface InputFields {
  readonly config: RawFields;
  readonly credentials: RawFields;
}

/**
 * Normalizes the fields of a request: trims white space, and restores the line breaks of PEM. Rejects placeholders in all fields, and in
 * fields that are not secret also invisible characters and values that belong in another field. It sees only the fields that a caller
 * sends, so that stored connections stay valid.
 */
export const normalizeFields = (
  connector: Pick<Connector, 'config' | 'credentials' | 'connectionString' | 'misplaced'>,
  given: InputFields,
): InputFields => {
  const secrets = listSecretCredentials(connector);
  const config = mapFieldValues(given.config, trimField);
  const credentials = mapFieldValues(given.credentials, (value, name) =>
    secrets.has(name) ? repairSecret(value) : trimField(value),
  );
  const complaints = [
    ...Object.entries(config).flatMap(([name, value]) => [
      ...findOpenFieldErrors(`config.${name}`, name, value),
      ...findPlacementErrors(connector, `config.${name}`, name, value),
    ]),
    ...Object.entries(credentials).flatMap(([name, value]) => {
      if (name === 'ssl_key') return [];
      const path = `credentials.${name}`;
      return secrets.has(name)
        ? findPlaceholderErrors(path, name, value)
        : findOpenFieldErrors(path, name, value);
    }),
  ];
  if (complaints.length > 0) throw createFieldProblem(complaints);
  return { config, credentials };
};

/** Restores the line breaks of the certificates and the key. */
export const normalizeSsl = <Ssl extends Readonly<Record<string, string | null | undefined>>>(
  ssl: Ssl,
): Ssl => mapFieldValues(ssl, repairSecret) as Ssl; // `repairSecret` maps a string to a string

const mapFieldValues = (fields: RawFields, read: (value: unknown, name: string) => unknown): RawFields =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, read(value, name)]));

const trimField = (value: unknown): unknown => {
  if (typeof value === 'string') return trimEnds(value);
  return Array.isArray(value) ? value.map(trimField) : value;
};

/** The other characters that `\s` matches are invisible, and `describeUnseen` rejects them by name. */
const isBlank = (character: string | undefined): boolean => /^[\t\r\n\p{Zs}]$/u.test(character ?? '');

/** Runs in linear time. A regular expression that ends in `$` would rescan a long run of blanks from each of its characters. */
const trimEnds = (text: string): string => {
  let [from, to] = [0, text.length];
  while (from < to && isBlank(text[from])) from += 1;
  while (to > from && isBlank(text[to - 1])) to -= 1;
  return text.slice(from, to);
};

/**
 * Does not trim, because a password may end in a blank. A key file is JSON and is left unchanged, because its `
 * ` are escapes.
 */
const repairSecret = (value: unknown): unknown =>
  typeof value === 'string' && !/^\s*\{/.test(value) ? repairPem(value) : value;

const findPlacementErrors = (
  connector: Parameters<typeof findMisplacement>[0],
  path: string,
  name: string,
  value: unknown,
): readonly FieldError[] => {
  if (Array.isArray(value))
    return value.flatMap((item, at) => findPlacementErrors(connector, `${path}.${at}`, name, item));
  // The schema rejects fields that the connector does not have.
  if (typeof value !== 'string' || !Object.hasOwn(connector.config.entries, name)) return [];
  const expected =
    unseenPattern.test(value) || describePlaceholder(value)
      ? undefined
      : findMisplacement(connector, name, value);
  return expected === undefined ? [] : [{ path, expected }];
};

const listSecretCredentials = ({ credentials }: Pick<Connector, 'credentials'>): ReadonlySet<string> =>
  new Set(
    Object.values(credentials).flatMap(({ entries }) =>
      Object.entries(entries).flatMap(([name, entry]) => (isSecretField(entry) ? name : [])),
    ),
  );

const findOpenFieldErrors = (path: string, name: string, value: unknown): readonly FieldError[] => {
  if (Array.isArray(value))
    return value.flatMap((item, at) => findOpenFieldErrors(`${path}.${at}`, name, item));
  if (typeof value !== 'string') return [];
  const seen = describeUnseen(value);
  if (seen !== undefined) return [{ path, expected: seen }];
  if (hasPlaceholderPart(value))
    return [{ path, expected: describeRealValue(name, 'a part of this looks like a placeholder') }];
  return findPlaceholderErrors(path, name, value);
};

const findPlaceholderErrors = (path: string, name: string, value: unknown): readonly FieldError[] => {
  const reason = typeof value === 'string' ? describePlaceholder(value) : undefined;
  return reason === undefined ? [] : [{ path, expected: describeRealValue(name, reason) }];
};

const describeRealValue = (name: string, reason: string) =>
  `the real ${name.replaceAll('_', ' ')}: ${reason}`;
