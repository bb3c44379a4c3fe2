/** One refused request to an API, as `startApi().call` takes it. */
export interface RefusedRequest {
  readonly api: 'providers' | 'management' | 'profiles' | 'registrations';
  readonly title: string;
  readonly request: string;
  readonly call?: {
    readonly body?: unknown;
    readonly text?: string;
    readonly bytes?: Uint8Array;
    readonly headers?: Readonly<Record<string, string>>;
    readonly key?: string;
  };
}

export type Fields = Readonly<Record<string, unknown>>;
export type Call = NonNullable<RefusedRequest['call']>;

export const password = { password: 'not-a-real-password' };
export const postgresql = { host: 'db.example.com', database: 'shop', username: 'reader', ...password };

/** A valid create of each API. */
export const creates: Readonly<
  Record<RefusedRequest['api'], { readonly request: string; readonly body: Fields }>
> = {
  providers: {
    request: 'POST /v1/providers/postgresql/connections',
    body: { name: 'Orders', mode: 'managed', credentials: postgresql },
  },
  management: {
    request: 'POST /v1/management/connections',
    body: {
      configName: 'orders',
      type: 'POSTGRESQL',
      host: 'db.example.com',
      port: 5432,
      databaseName: 'shop',
      userName: 'reader',
      ...password,
    },
  },
  profiles: {
    request: 'POST /api/v1/connection_profiles',
    body: { name: 'Orders', connector: 'postgres', config: postgresql },
  },
  registrations: {
    request: 'POST /api/v1/connections',
    body: {
      name: 'Orders',
      db_type: 'postgresql',
      connection_string: 'postgresql://reader:not-a-real-password@db.example.com/shop',
    },
  },
};
const headersByApi: Partial<Record<RefusedRequest['api'], Readonly<Record<string, string>>>> = {
  management: { 'x-product-name': 'sales' },
};
export const apis = ['providers', 'management', 'profiles', 'registrations'] as const;

export const createRefused = (api: RefusedRequest['api'], title: string, call: Call, request?: string) => ({
  api,
  title,
  request: request ?? creates[api].request,
  call: { ...call, headers: { ...headersByApi[api], ...call.headers } },
});
