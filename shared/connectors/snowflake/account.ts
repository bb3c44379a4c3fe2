import * as v from 'valibot';

/**
 * The part of an account's address before Snowflake's own domain: `myorg-sales`, `xy12345.eu-central-1`, `xy12345.privatelink`.
 * https://docs.snowflake.com/en/user-guide/admin-account-identifier
 */
export const Account = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9]([A-Za-z0-9_-]{0,62}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]{0,62}[A-Za-z0-9])?){0,5}$/,
    'an account such as myorg-sales or xy12345.eu-central-1',
  ),
);

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

/** Where an account is: on a host of Snowflake's, whatever it is called, or where the deployment says. */
export const placeOf = (account: string, endpoint: string | undefined): Place => {
  if (endpoint !== undefined) {
    const { protocol, hostname, port } = new URL(endpoint);
    const secure = protocol === 'https:';
    return {
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: port ? Number(port) : secure ? 443 : 80,
      secure,
    };
  }
  const name = account.toLowerCase();
  const [, own = name, domain = /\.cn-[a-z]+/.test(name) ? 'cn' : 'com'] =
    /^(.*)\.snowflakecomputing\.(com|cn)$/.exec(name) ?? [];
  // No certificate holds an underscore, and accounts of organisations do.
  return { host: `${own.replaceAll('_', '-')}.snowflakecomputing.${domain}`, port: 443, secure: true };
};

/** What an account is called at login, without its region. */
export const accountName = (account: string): string => account.split('.', 1)[0] ?? '';

/** Where Snowflake keeps results that are too large for an answer: the stores of its three clouds. */
export const isStore = (host: string): boolean =>
  /(^|\.)(s3([.-][a-z0-9-]+)*\.amazonaws\.com(\.cn)?|blob\.core\.(windows\.net|chinacloudapi\.cn)|storage\.googleapis\.com)$/.test(
    host,
  );
