import type { Place } from '../../network/dialer.ts';

/** Parses `host`, `host:port` or `[::1]:port`; an IPv6 address without brackets has no port. */
export const placeOf = (member: string, port: number): Place => {
  const [, bracketed, bare, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(member) ?? [];
  const host = bracketed ?? bare;
  return host === undefined ? { host: member, port } : { host, port: Number(digits) };
};

/** An SRV record may only name hosts in its own domain. */
export const isBeside = (host: string, name: string): boolean => {
  const labels = bare(name).split('.');
  const domain = labels.length > 2 ? labels.slice(1) : labels;
  return bare(host).endsWith(`.${domain.join('.')}`);
};

const bare = (name: string) => name.toLowerCase().replace(/\.$/, '');
