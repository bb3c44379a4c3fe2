import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

type Variables = Readonly<Record<string, string>>;

interface Engine {
  readonly name: string;
  readonly variables: Variables;
}

const postgres = (version: string, tls = 'server'): Engine => ({
  name: 'postgres',
  variables: { POSTGRES_VERSION: version, POSTGRES_TLS: tls },
});

const sqlserver = (data: string, tls = 'server'): Engine => ({
  name: 'sqlserver',
  variables: { SQLSERVER_DATA: data, SQLSERVER_TLS: tls },
});

const mysql = (name: 'mysql' | 'mariadb', version: string, tls = 'server', names = 'written'): Engine => {
  const prefix = name.toUpperCase();
  return {
    name,
    variables: {
      [`${prefix}_VERSION`]: version,
      [`${prefix}_TLS`]: tls,
      ...(names !== 'written' && { [`${prefix}_NAMES`]: names }),
    },
  };
};

const mongodb = (kind: string): Engine => ({ name: 'mongodb', variables: { MONGODB_SERVER: kind } });

/**
 * All engines that the tests use. TLS variants need only one version of a server, because TLS does not depend
 * on the version.
 */
const engines: readonly Engine[] = [
  { name: 'aws', variables: {} },
  { name: 'dynamodb-local', variables: {} },
  { name: 's3', variables: {} },
  { name: 'bigquery', variables: {} },
  { name: 'databricks', variables: {} },
  { name: 'snowflake', variables: {} },
  { name: 'clickhouse', variables: {} },
  ...['tls', 'notls', 'tlsonly', 'set'].map((kind) => mongodb(kind)),
  { name: 'kafka', variables: {} },
  { name: 'schema-registry', variables: {} },
  postgres('11'),
  postgres('14'),
  ...['server', 'off', 'expired', 'wronghost', 'selfsigned'].map((tls) => postgres('18', tls)),
  ...['server', 'off', 'expired', 'wronghost', 'selfsigned'].map((tls) => sqlserver('shop', tls)),
  sqlserver('empty'),
  sqlserver('forced'),
  sqlserver('strict'),
  ...['server', 'off', 'expired', 'wronghost', 'selfsigned'].map((tls) => ({
    name: 'oracle',
    variables: { ORACLE_TLS: tls },
  })),
  mysql('mysql', '8.0'),
  ...['server', 'off'].map((tls) => mysql('mysql', '9.7', tls)),
  ...['server', 'off', 'expired', 'wronghost', 'selfsigned'].map((tls) => mysql('mariadb', '10.11', tls)),
  mysql('mariadb', '11.8'),
  mysql('mysql', '9.7', 'server', 'lower'),
  mysql('mariadb', '11.8', 'server', 'lower'),
  { name: 'pgbouncer', variables: {} },
];

/**
 * `npm run engines -- start|stop|status [NAME…]` controls the servers that the tests run against: all, or
 * those named.
 */
const main = async ([what, ...names]: readonly string[]): Promise<void> => {
  const known = new Set(engines.map(({ name }) => name));
  const command = Object.entries(commands).find(([name]) => name === what)?.[1];
  if (!command || names.some((name) => !known.has(name))) {
    process.stderr.write(`npm run engines -- start|stop|status [${[...known].join('|')}]…\n`);
    process.exitCode = 2;
    return;
  }
  const wanted = engines.filter(({ name }) => names.length === 0 || names.includes(name)).filter(isAskedFor);
  if (!(await command(wanted))) process.exitCode = 1;
};

/** `POSTGRES_VERSION=11 npm run engines -- start postgres` selects only version 11. */
const isAskedFor = ({ variables }: Engine): boolean =>
  Object.entries(variables).every(([name, value]) => (process.env[name] ?? value) === value);

const commands = {
  start: async (wanted: readonly Engine[]): Promise<boolean> => {
    // Installs run one after another, because the system's package manager allows one at a time.
    for (const engine of wanted) await run(engine, 'install');
    const [poolers, others] = [wanted.filter(isPooler), wanted.filter((engine) => !isPooler(engine))];
    const started = await tellAll(others, 'start');
    return (await tellAll(poolers, 'start')) && started;
  },
  stop: async (wanted: readonly Engine[]): Promise<boolean> => {
    const stopped = await tellAll(wanted.filter(isPooler), 'stop');
    return (
      (await tellAll(
        wanted.filter((engine) => !isPooler(engine)),
        'stop',
      )) && stopped
    );
  },
  status: (wanted: readonly Engine[]): Promise<boolean> => tellAll(wanted, 'status'),
} as const;

/** A pooler stands in front of a server of another engine, and starts that server if it does not run. */
const isPooler = ({ name }: Engine): boolean => name === 'pgbouncer';

/** Runs the command for all engines in parallel and prints the output of each. */
const tellAll = async (wanted: readonly Engine[], what: string): Promise<boolean> => {
  const outcomes = await Promise.all(
    wanted.map(async (engine) => {
      const { ok, said } = await run(engine, what);
      process.stdout.write(`# ${nameOf(engine)}${ok ? '' : ': failed'}\n${said}`);
      return ok;
    }),
  );
  return outcomes.every(Boolean);
};

const run = async (
  engine: Engine,
  what: string,
): Promise<{ readonly ok: boolean; readonly said: string }> => {
  const script = fileURLToPath(new URL(engine.name, import.meta.url));
  try {
    const env = { ...process.env, ...engine.variables };
    const { stdout } = await promisify(execFile)(script, [what], { env, maxBuffer: 2 ** 26 });
    return { ok: true, said: stdout };
  } catch (error) {
    return { ok: false, said: `${String((error as { stderr?: unknown }).stderr ?? error).trim()}\n` }; // of execFile
  }
};

const nameOf = ({ name, variables }: Engine): string => [name, ...Object.values(variables)].join(' ');

await main(process.argv.slice(2));
