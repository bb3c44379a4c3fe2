import type { Clock } from '../ports/clock.ts';
import type { SecretOwner } from '../ports/vault.ts';
import type { Tenant } from '../domain/tenant.ts';

/** The name of an owner's one secret: different owners never share one, whatever their organisation is called. */
export const secretName = (prefix: string, owner: SecretOwner): string =>
  `${prefix}/${spelled(owner)}/${part(owner.id)}`;

/** Whose secret it is by its name; `undefined` for whatever no connection's secret is called, though it lie beside ours. */
export const ownerNamed = (prefix: string, name: string): SecretOwner | undefined => {
  const [org = '', environment = '', id = ''] = name.slice(prefix.length + 1).split('/');
  const owner = { org: whole(org), environment: whole(environment), id };
  return /^[0-9a-f]{32}$/.test(id) && name === secretName(prefix, owner) ? owner : undefined;
};

/** What a tenant's key is derived from; a key that was derived once must come out the same for ever. */
export const keyLabel = (tenant: Tenant): string => `mooring/v1/${spelled(tenant)}`;

/** `organisation/environment`, in characters that names and tags of secrets may have. */
export const spelled = ({ org, environment }: Tenant): string => `${part(org)}/${part(environment)}`;

/** Derives each tenant's key once in five minutes, however many ask at once. */
export const tenantKeys = (clock: Clock, derive: (label: string) => Promise<Uint8Array>) => {
  const known = new Map<string, { readonly key: Promise<Uint8Array>; readonly until: number }>();

  return (tenant: Tenant): Promise<Uint8Array> => {
    const label = keyLabel(tenant);
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

// Secrets Manager's names have letters, digits and /_+=.@- alone; the rest is written as in a URL, with = for %.
const part = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()*~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%', '=');

/** What `part` was made of. */
const whole = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll('=', '%'));
  } catch {
    return '';
  }
};
