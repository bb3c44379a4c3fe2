/** An organisation and one of its environments. No tenant can see anything of another tenant. */
export interface Tenant {
  readonly org: string;
  readonly environment: string;
}

/** `org/environment`, as tags of secrets and the key derivation spell it. */
export const toTenantName = ({ org, environment }: Tenant) => `${org}/${environment}`;
