import type { Clock } from '../ports/clock.ts';
import type { SecretOwner } from '../ports/vault.ts';
import type { Tenant } from '../domain/access/tenant.ts';

/** The name of the secret of one owner. Two owners never share a name, whatever characters their organisations contain. */
export const toSecretName = (prefix: string, owner: SecretOwner): string =>
  `${prefix}/${encodeTenant(owner)}/${encodeNamePart(owner.id)}`;

/** The owner that a secret's name encodes; `undefined` if the name is not that of a connection's secret, even below our prefix. */
export const parseSecretName = (prefix: string, name: string): SecretOwner | undefined => {
  const [org = '', environment = '', id = ''] = name.slice(prefix.length + 1).split('/');
  const owner = { org: decodeNamePart(org), environment: decodeNamePart(environment), id };
  return /^[0-9a-f]{32}$/.test(id) && name === toSecretName(prefix, owner) ? owner : undefined;
};

/** The label from which a tenant's key is derived. It must never change: the same tenant must always get the same key. */
export const toTenantKeyLabel = (tenant: Tenant): string => `mooring/v1/${encodeTenant(tenant)}`;

/** `organisation/environment`, in characters that are valid in names and tags of secrets. */
export const encodeTenant = ({ org, environment }: Tenant): string =>
  `${encodeNamePart(org)}/${encodeNamePart(environment)}`;

/** Derives the key of each tenant at most once in five minutes; concurrent callers share one derivation. */
export const createTenantKeys = (clock: Clock, derive: (label: string) => Promise<Uint8Array>) => {
  const known = new Map<string, { readonly key: Promise<Uint8Array>; readonly until: number }>();

  return (tenant: Tenant): Promise<Uint8Array> => {
    const label = toTenantKeyLabel(tenant);
    const found = known.get(label);
    if (found && clock() < found.until) return found.key;

    const key = derive(label);
    const entry = { key, until: clock() + 300_000 };
    known.delete(label);
    known.set(label, entry);
    key.catch(() => known.get(label) === entry && known.delete(label));
    for (const oldest of known.keys()) {
      if (known.size <= 1000) break;
      known.delete(oldest);
    }
    return key;
  };
};

// Names in Secrets Manager consist of letters, digits and /_+=.@- only. Other characters are percent-encoded, with = in place of %.
const encodeNamePart = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()*~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%', '=');

/** The inverse of `encodeNamePart`; an empty string if the text is malformed. */
const decodeNamePart = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll('=', '%'));
  } catch {
    return '';
  }
};
