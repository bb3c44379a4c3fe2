/** The API key of the frozen states. It gives access to nothing else. */
export const frozenKey = 'sk_frozen_state_of_a_release';
/** The table name in frozen AWS states, and the prefix of their secrets. */
export const frozenTable = 'mooring-frozen-state';

/** The secret of every frozen connection, except `live`, which has the password of the engine. */
export const frozenSecret = 'not-a-real-secret';
/** The secret after a change of credentials. */
export const changedSecret = 'not-a-real-secret-2';

const certificate = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const key = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
const at = { host: '127.0.0.1', port: 1 };

/** A draft for every connector, with every kind of auth method. No server listens at their destinations. */
export const frozenDrafts = [
  {
    type: 'postgresql',
    config: { ...at, database: 'd', username: 'u' },
    credentials: { password: frozenSecret },
  },
  {
    type: 'redshift',
    config: { ...at, database: 'd', username: 'u' },
    credentials: { password: frozenSecret },
  },
  {
    type: 'mysql',
    config: { ...at, username: 'u' },
    credentials: { password: frozenSecret },
    options: { ssl_mode: 'prefer' },
  },
  {
    type: 'sqlserver',
    config: { ...at, database: 'd', username: 'u' },
    credentials: { password: frozenSecret },
  },
  {
    type: 'oracle',
    config: { ...at, service_name: 's', username: 'u' },
    credentials: { password: frozenSecret },
  },
  {
    type: 'mongodb',
    config: { hosts: ['127.0.0.1:1', '127.0.0.1:2'], username: 'u' },
    credentials: { password: frozenSecret },
  },
  {
    type: 'snowflake',
    config: { account: 'org-acct', username: 'u' },
    credentials: { password: frozenSecret },
  },
  {
    type: 'databricks',
    config: { host: 'adb-1.2.azuredatabricks.net', http_path: '/sql/1.0/warehouses/a' },
    credentials: { token: frozenSecret },
  },
  {
    type: 's3',
    config: { bucket: 'lake', region: 'eu-west-1', endpoint: 'http://127.0.0.1:1', access_key_id: 'k' },
    credentials: { secret_access_key: frozenSecret },
    options: { ssl_mode: 'disable' },
  },
  {
    type: 'kafka',
    config: { bootstrap_servers: '127.0.0.1:1' },
    credentials: { sasl_mechanism: 'SCRAM-SHA-512', sasl_username: 'u', sasl_password: frozenSecret },
  },
  {
    type: 'bigquery',
    config: { project_id: 'project-1' },
    credentials: {
      service_account: JSON.stringify({
        type: 'service_account',
        client_email: 'a@project-1.iam.gserviceaccount.com',
        private_key: key,
      }),
    },
  },
] as const;

/** Sent with the idempotency key `frozen-1`. */
export const frozenCertificate = {
  name: 'frozen certificate',
  description: 'Ein Zertifikat, größer als nötig',
  type: 'postgresql',
  flavor: 'aws',
  config: { ...at, database: 'd', username: 'u', schemas: ['a', 'b'] },
  credentials: { auth_method: 'certificate' },
  ssl: { ca: certificate, cert: certificate, key },
  options: { ssl_mode: 'verify-ca', max_connections: 5, test_interval_minutes: 7 },
  excluded_schemas: ['c'],
  tags: ['blue', 'grün'],
  metadata: { team: 'data' },
  role: 'target',
  product: 'reports',
};

/**
 * Registers, updates, tests and reads connections over HTTP, so that every kind of item is stored at least
 * once.
 */
export const driveRelease = async (
  address: string,
  postgres: Readonly<Record<string, string>>,
): Promise<void> => {
  const call = async (request: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const [method = '', path = ''] = request.split(' ');
    const answer = await fetch(`${address}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${frozenKey}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (answer.status >= 500 || (answer.status >= 400 && answer.status !== 404))
      throw new Error(`${request}: ${answer.status} ${text}`);
    return (text === '' ? {} : JSON.parse(text)) as { id: string }; // in the release's own schemas
  };
  const create = (query: string, body: object, headers?: Readonly<Record<string, string>>) =>
    call(`POST /v1/connections${query}`, body, headers);

  for (const draft of frozenDrafts) await create('?test=false', { name: `frozen ${draft.type}`, ...draft });
  await create('?test=false', frozenCertificate, { 'idempotency-key': 'frozen-1' });

  const live = {
    host: '127.0.0.1',
    port: Number(postgres['POSTGRES_PORT']),
    database: 'shop',
    username: postgres['POSTGRES_USER'],
  };
  const secrets = { password: postgres['POSTGRES_PASSWORD'] };
  const relaxed = { ssl_mode: 'require' };
  const { id } = await create('?verify=true', {
    name: 'frozen live',
    type: 'postgresql',
    config: live,
    credentials: secrets,
    options: relaxed,
  });
  await call(`POST /v1/connections/${id}/test`);
  await call(`GET /v1/connections/${id}/schema`);
  await call(`GET /v1/connections/${id}/schema?max_age=0`);
  await call(`PUT /v1/connections/${id}/usages/reports`, { note: 'nightly', ttl_seconds: 31_000_000 });
  await call(`PUT /v1/connections/${id}/usages/search`, {});

  const changed = await create('?test=false', {
    name: 'frozen changed',
    type: 'postgresql',
    config: { ...at, database: 'd', username: 'u' },
    credentials: { password: frozenSecret },
  });
  await call(`PATCH /v1/connections/${changed.id}`, { credentials: { password: changedSecret } });
  await call(`POST /v1/connections/${changed.id}/test`);
  const locked = await create('?test=false', {
    name: 'frozen locked',
    type: 'postgresql',
    config: { ...at, database: 'd', username: 'u' },
    credentials: { password: frozenSecret },
  });
  await call(`PATCH /v1/connections/${locked.id}`, { config: { port: 2 }, tags: ['moved'] });
  const gone = await create('?test=false', {
    name: 'frozen deleted',
    type: 'postgresql',
    config: { ...at, database: 'd', username: 'u' },
    credentials: { password: frozenSecret },
  });
  await call(`DELETE /v1/connections/${gone.id}`);
  await create(
    '?test=false',
    {
      name: 'frozen elsewhere',
      type: 'mysql',
      config: { ...at, username: 'u' },
      credentials: { password: frozenSecret },
    },
    { 'x-environment-id': 'staging' },
  );
  await call(
    'POST /v1/management/connections',
    {
      configName: 'frozen managed',
      type: 'POSTGRESQL',
      ...at,
      databaseName: 'd',
      userName: 'u',
      password: frozenSecret,
      metadata: { a: 'b' },
    },
    { 'x-product-name': 'reports' },
  );
  const platform = {
    name: 'frozen platform',
    type: 'postgresql',
    mode: 'platform',
    config: live,
    credentials: { secret_arn: 'arn:aws:secretsmanager:local:000000000000:secret:warehouse' },
    options: relaxed,
  };
  const shared = await fetch(`${address}/v1/connections?verify=true`, {
    method: 'POST',
    headers: { authorization: `Bearer ${frozenKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(platform),
  });
  // Only the file vault has that secret.
  if (shared.status !== 201 && shared.status !== 422) throw new Error(`platform: ${shared.status}`);
};
