import type { HostPort } from '../../network/dialer.ts';
import { queryDns } from '../../network/resolve-host.ts';
import { Problem } from '../../problem.ts';
import { isInSrvDomain } from './member-address.ts';

/** The members of a deployment in DNS, and the options in its TXT record. */
export interface SrvDeployment {
  readonly members: readonly HostPort[];
  readonly authSource?: string;
  readonly replicaSet?: string;
}

export type SrvResolver = (name: string, signal: AbortSignal) => Promise<SrvDeployment>;

/**
 * Resolves the records here and not in the driver, so that the dialer checks every member:
 * https://github.com/mongodb/specifications/blob/master/source/initial-dns-seedlist-discovery/initial-dns-seedlist-discovery.md
 */
export const createSrvResolver =
  ({ servers }: { readonly servers?: readonly string[] } = {}): SrvResolver =>
  async (name, signal) => {
    const [srv, txt] = await queryDns(signal, servers, (resolver) =>
      Promise.allSettled([resolver.resolveSrv(`_mongodb._tcp.${name}`), resolver.resolveTxt(name)]),
    );
    if (srv.status === 'rejected') throw srv.reason;
    const members = srv.value.slice(0, MAX_SRV_MEMBERS).map(({ name: host, port }) => ({ host, port }));
    if (members.length === 0) throw new Problem('host-not-found');
    if (!members.every(({ host }) => isInSrvDomain(host, name))) throw new Problem('host-forbidden');
    // The TXT record is optional; several are invalid, and ignored.
    const text = txt.status === 'fulfilled' && txt.value.length === 1 ? (txt.value[0] ?? []).join('') : '';
    const txtOptions = new URLSearchParams(text);
    const [authSource, replicaSet] = [txtOptions.get('authSource'), txtOptions.get('replicaSet')];
    return { members, ...(authSource && { authSource }), ...(replicaSet && { replicaSet }) };
  };

const MAX_SRV_MEMBERS = 50;
