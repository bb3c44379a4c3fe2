import * as v from 'valibot';

/**
 * The part of an account's host name before Snowflake's domain: `myorg-sales`, `xy12345.eu-central-1`, `xy12345.privatelink`.
 * https://docs.snowflake.com/en/user-guide/admin-account-identifier
 */
export const SnowflakeAccount = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9]([A-Za-z0-9_-]{0,62}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]{0,62}[A-Za-z0-9])?){0,5}$/,
    'an account identifier such as myorg-sales or xy12345.eu-central-1',
  ),
);

export interface SnowflakeAddress {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

/** Returns the address of the deployment's endpoint, if there is one, or of the account's host at Snowflake. */
export const toSnowflakeAddress = (account: string, endpoint: string | undefined): SnowflakeAddress => {
  if (endpoint !== undefined) {
    const { protocol, hostname, port } = new URL(endpoint);
    const secure = protocol === 'https:';
    const defaultPort = secure ? 443 : 80;
    return {
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: port ? Number(port) : defaultPort,
      secure,
    };
  }
  const name = account.toLowerCase();
  const [, own = name, domain = /\.cn-[a-z]+/.test(name) ? 'cn' : 'com'] =
    /^(.*)\.snowflakecomputing\.(com|cn)$/.exec(name) ?? [];
  // Accounts of organisations may contain underscores, which no certificate covers.
  return { host: `${own.replaceAll('_', '-')}.snowflakecomputing.${domain}`, port: 443, secure: true };
};

/** Returns the account's name at login, without its region. */
export const toSnowflakeAccountName = (account: string): string => account.split('.', 1)[0] ?? '';

/** Whether Snowflake may keep results on this host that are too large for an answer: the object storage of its three clouds. */
export const isResultStorageHost = (host: string): boolean =>
  /(^|\.)(s3([.-][a-z0-9-]+)*\.amazonaws\.com(\.cn)?|blob\.core\.(windows\.net|chinacloudapi\.cn)|storage\.googleapis\.com)$/.test(
    host,
  );
