import type { Connector } from '../connectors/connector.ts';
import { isSecret } from '../connectors/fields.ts';
import { asksForYours, describePlaceholder } from '../connectors/placeholders.ts';
import { type Complaint, refusal } from '../parse.ts';
import { unseen } from './connection-string.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Refuses placeholders anywhere, and characters that cannot be seen in what is no secret. It looks at what a caller sends and not at the whole
 * connection: one that was stored before stays as it is.
 */
export const checkGiven = (
  connector: Pick<Connector, 'credentials'>,
  { config, credentials }: { readonly config: Fields; readonly credentials: Fields },
): void => {
  const secrets = secretNames(connector);
  const complaints = [
    ...Object.entries(config).flatMap(([name, value]) => complainOfOpen(`config.${name}`, name, value)),
    ...Object.entries(credentials).flatMap(([name, value]) => {
      if (name === 'ssl_key') return [];
      const path = `credentials.${name}`;
      return secrets.has(name) ? complainOfPlaceholder(path, name, value) : complainOfOpen(path, name, value);
    }),
  ];
  if (complaints.length > 0) throw refusal(complaints);
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
  if (unseen.test(value)) return [{ path, expected: 'no control characters, and none that cannot be seen' }];
  if (asksForYours(value))
    return [{ path, expected: placeholder(name, 'a part of this looks like a placeholder') }];
  return complainOfPlaceholder(path, name, value);
};

const complainOfPlaceholder = (path: string, name: string, value: unknown): readonly Complaint[] => {
  const looks = typeof value === 'string' ? describePlaceholder(value) : undefined;
  return looks === undefined ? [] : [{ path, expected: placeholder(name, looks) }];
};

const placeholder = (name: string, looks: string) => `the real ${name.replaceAll('_', ' ')}: ${looks}`;
