import type { Place } from '../../network/dialer.ts';
import { askDns } from '../../network/resolve.ts';
import { Problem } from '../../problem.ts';
import { isBeside } from './place.ts';

/** The members of a deployment in DNS, and the options in its TXT record. */
export interface Announced {
  readonly members: readonly Place[];
  readonly authSource?: string;
  readonly replicaSet?: string;
}

export type ResolveSrv = (name: string, signal: AbortSignal) => Promise<Announced>;

/**
 * Resolves the records here and not in the driver, so that the dialer checks every member:
 * https://github.com/mongodb/specifications/blob/master/source/initial-dns-seedlist-discovery/initial-dns-seedlist-discovery.md
 */
export const createResolveSrv =
  ({ servers }: { readonly servers?: readonly string[] } = {}): ResolveSrv =>
  async (name, signal) => {
    const [srv, txt] = await askDns(signal, servers, (resolver) =>
      Promise.allSettled([resolver.resolveSrv(`_mongodb._tcp.${name}`), resolver.resolveTxt(name)]),
    );
    if (srv.status === 'rejected') throw srv.reason;
    const members = srv.value.slice(0, mostMembers).map(({ name: host, port }) => ({ host, port }));
    if (members.length === 0) throw new Problem('host-not-found');
    if (!members.every(({ host }) => isBeside(host, name))) throw new Problem('host-forbidden');
    // The TXT record is optional; several are invalid, and ignored.
    const text = txt.status === 'fulfilled' && txt.value.length === 1 ? (txt.value[0] ?? []).join('') : '';
    const said = new URLSearchParams(text);
    const [authSource, replicaSet] = [said.get('authSource'), said.get('replicaSet')];
    return { members, ...(authSource && { authSource }), ...(replicaSet && { replicaSet }) };
  };

const mostMembers = 50;
