import type { Connector } from '../connectors/connector.ts';
import { isSecret } from '../connectors/fields.ts';
import { repairPem } from '../connectors/pem.ts';
import { asksForYours, describePlaceholder } from '../connectors/placeholders.ts';
import { type Complaint, refusal } from '../parse.ts';
import { expectInPlace } from './misplaced.ts';
import { expectSeen, unseen } from './unseen.ts';

type Fields = Readonly<Record<string, unknown>>;

interface GivenFields {
  readonly config: Fields;
  readonly credentials: Fields;
}

/**
 * Normalizes the fields of a request: trims white space, and restores the line breaks of PEM. Rejects placeholders in all fields, and in
 * fields that are not secret also invisible characters and values that belong in another field. It sees only the fields that a caller
 * sends, so that stored connections stay valid.
 */
export const readGivenFields = (
  connector: Pick<Connector, 'config' | 'credentials' | 'connectionString' | 'misplaced'>,
  given: GivenFields,
): GivenFields => {
  const secrets = secretNames(connector);
  const config = mapFields(given.config, trimField);
  const credentials = mapFields(given.credentials, (value, name) =>
    secrets.has(name) ? repairSecret(value) : trimField(value),
  );
  const complaints = [
    ...Object.entries(config).flatMap(([name, value]) => [
      ...complainOfOpen(`config.${name}`, name, value),
      ...complainOfPlace(connector, `config.${name}`, name, value),
    ]),
    ...Object.entries(credentials).flatMap(([name, value]) => {
      if (name === 'ssl_key') return [];
      const path = `credentials.${name}`;
      return secrets.has(name) ? complainOfPlaceholder(path, name, value) : complainOfOpen(path, name, value);
    }),
  ];
  if (complaints.length > 0) throw refusal(complaints);
  return { config, credentials };
};

/** Restores the line breaks of the certificates and the key. */
export const readGivenSsl = <Ssl extends Readonly<Record<string, string | null | undefined>>>(
  ssl: Ssl,
): Ssl => mapFields(ssl, repairSecret) as Ssl; // `repairSecret` maps a string to a string

const mapFields = (fields: Fields, read: (value: unknown, name: string) => unknown): Fields =>
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

const complainOfPlace = (
  connector: Parameters<typeof expectInPlace>[0],
  path: string,
  name: string,
  value: unknown,
): readonly Complaint[] => {
  if (Array.isArray(value))
    return value.flatMap((item, at) => complainOfPlace(connector, `${path}.${at}`, name, item));
  // The schema rejects fields that the connector does not have.
  if (typeof value !== 'string' || !Object.hasOwn(connector.config.entries, name)) return [];
  const expected =
    unseen.test(value) || describePlaceholder(value) ? undefined : expectInPlace(connector, name, value);
  return expected === undefined ? [] : [{ path, expected }];
};

const secretNames = ({ credentials }: Pick<Connector, 'credentials'>): ReadonlySet<string> =>
  new Set(
    Object.values(credentials).flatMap(({ entries }) =>
      Object.entries(entries).flatMap(([name, entry]) => (isSecret(entry) ? name : [])),
    ),
  );

const complainOfOpen = (path: string, name: string, value: unknown): readonly Complaint[] => {
  if (Array.isArray(value)) return value.flatMap((item, at) => complainOfOpen(`${path}.${at}`, name, item));
  if (typeof value !== 'string') return [];
  const seen = expectSeen(value);
  if (seen !== undefined) return [{ path, expected: seen }];
  if (asksForYours(value))
    return [{ path, expected: placeholder(name, 'a part of this looks like a placeholder') }];
  return complainOfPlaceholder(path, name, value);
};

const complainOfPlaceholder = (path: string, name: string, value: unknown): readonly Complaint[] => {
  const looks = typeof value === 'string' ? describePlaceholder(value) : undefined;
  return looks === undefined ? [] : [{ path, expected: placeholder(name, looks) }];
};

const placeholder = (name: string, looks: string) => `the real ${name.replaceAll('_', ' ')}: ${looks}`;
