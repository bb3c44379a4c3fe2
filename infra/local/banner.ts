import { createHash } from 'node:crypto';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import type { ReadStore } from '../../shared/ports/store.ts';
import type { Demo } from './demo.ts';

interface BannerContent {
  readonly address: string;
  readonly apiKey: string;
  readonly lines: readonly string[];
  readonly notes: readonly string[];
}

/** Renders what the terminal shows once the server is ready. */
export const renderBanner = ({ address, apiKey, lines, notes }: BannerContent): string =>
  [
    '',
    `Mooring   ${address}     ${address}/v1/docs`,
    `API key   ${apiKey}`,
    '',
    'Register a database, test it, read its schema, autocomplete:',
    '',
    ...lines.flatMap((line) => [line, '']),
    ...notes,
  ].join('\n');

/** Each command works in a shell of its own: all except the first look up the id themselves. */
export const renderCurlLines = (
  address: string,
  apiKey: string,
  { name, body, key }: DemoRegistration,
): readonly string[] => {
  const authorization = `-H ${quoteForShell(`authorization: Bearer ${apiKey}`)}`;
  const query = `${address}/v1/connections?limit=1&name_prefix=${encodeURIComponent(name)}`;
  const connectionUrl = `${address}/v1/connections/$(curl -sS ${quoteForShell(query)} ${authorization} | grep -o 'conn_[0-9a-f]*' | head -n 1)`;
  const newline = `-w '\\n'`;
  return [
    `curl -sS ${address}/v1/connections ${authorization} -H 'content-type: application/json' -H ${quoteForShell(`idempotency-key: ${key}`)} -d ${quoteForShell(body)} ${newline}`,
    `curl -sS -X POST ${connectionUrl}/test ${authorization} ${newline}`,
    `curl -sS ${connectionUrl}'/schema?limit=5' ${authorization} ${newline}`,
    `curl -sS ${connectionUrl}'/autocomplete?type=tables&prefix=or' ${authorization} ${newline}`,
  ];
};

export interface DemoRegistration {
  readonly name: string;
  readonly body: string;
  /** Derived from the body, so that the same request always has the same key. */
  readonly key: string;
}

/**
 * Chooses a request to register the demo database that returns 201 now and when it is repeated in the next hours. If the first request with
 * a name is about to be forgotten, or its connection was deleted, the next name is used.
 */
export const chooseDemoRegistration = async (
  store: ReadStore,
  demo: Demo | undefined,
  now: number,
): Promise<DemoRegistration> => {
  for (let number = 1; ; number++) {
    const name = number === 1 ? 'demo' : `demo-${number}`;
    const body = JSON.stringify(buildDemoSettings(name, demo));
    const key = `demo-${createHash('sha256').update(body).digest('hex').slice(0, 16)}`;
    const [first, taken] = await Promise.all([
      store.get(tableKeys.idempotency(localTenant, key)),
      store.get(tableKeys.name(localTenant, name)),
    ]);
    const kept = first && taken && Number(first.expires) * 1000 > now + 12 * 3_600_000;
    if (kept || (!first && !taken)) return { name, body, key };
  }
};

export const localOrg = 'org_local';
const localTenant = { org: localOrg, environment: 'default' };

/** Without TLS: the server has no certificate, and traffic stays on loopback. */
const buildDemoSettings = (name: string, demo: Demo | undefined) => ({
  name,
  type: 'postgresql',
  config: demo?.config ?? { host: 'db.example.com', database: 'your_database', username: 'your_user' },
  credentials: { password: demo?.password ?? 'your_password' },
  ...(demo && { options: { ssl_mode: 'disable' } }),
});

/** Quotes any text for a POSIX shell. */
const quoteForShell = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
