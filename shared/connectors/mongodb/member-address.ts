import type { HostPort } from '../../network/dialer.ts';

/** Parses `host`, `host:port` or `[::1]:port`; an IPv6 address without brackets has no port. */
export const parseMemberAddress = (member: string, port: number): HostPort => {
  const [, bracketed, bare, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(member) ?? [];
  const host = bracketed ?? bare;
  return host === undefined ? { host: member, port } : { host, port: Number(digits) };
};

/** An SRV record may only name hosts in its own domain. */
export const isInSrvDomain = (host: string, name: string): boolean => {
  const labels = normalizeDnsName(name).split('.');
  const domain = labels.length > 2 ? labels.slice(1) : labels;
  return normalizeDnsName(host).endsWith(`.${domain.join('.')}`);
};

const normalizeDnsName = (name: string) => name.toLowerCase().replace(/\.$/, '');
