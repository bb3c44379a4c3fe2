import type { Place } from '../../network/dialer.ts';

/** `host`, `host:port`, `[::1]:port`; an IPv6 address without brackets has no port. */
export const placeOf = (member: string, port: number): Place => {
  const [, bracketed, bare, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(member) ?? [];
  const host = bracketed ?? bare;
  return host === undefined ? { host: member, port } : { host, port: Number(digits) };
};

/** Whose DNS is asked has a say over its own domain, and no other. */
export const isBeside = (host: string, name: string): boolean => {
  const labels = bare(name).split('.');
  const domain = labels.length > 2 ? labels.slice(1) : labels;
  return bare(host).endsWith(`.${domain.join('.')}`);
};

const bare = (name: string) => name.toLowerCase().replace(/\.$/, '');
