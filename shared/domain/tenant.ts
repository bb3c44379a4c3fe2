/** An organisation and an environment; nothing of one tenant is ever visible to another. */
export interface Tenant {
  readonly org: string;
  readonly environment: string;
}

/** `org/environment`, as secrets' tags and key derivation spell it. */
export const tenantName = ({ org, environment }: Tenant) => `${org}/${environment}`;
